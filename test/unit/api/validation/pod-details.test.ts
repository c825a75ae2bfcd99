/** Pods beside their containers: security, name resolution, gates, claims, volumes by source, where they may run. */
import { container, LABEL, runCases, SUBDOMAIN } from '#test/support/validation-cases.ts'
import t from 'tap'

type Fields = Readonly<Record<string, unknown>>

const pod = (spec: Fields): Fields => ({ spec: { containers: [container()], ...spec } })
const holding = (volume: Fields): Fields => pod({ volumes: [{ name: 'v', ...volume }] })
const SEARCH =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')"
const IP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'

void t.test('security', async t => {
  const at = 'spec.securityContext'
  runCases(t, [
    [
      'kernel settings',
      'pods',
      pod({
        hostNetwork: true,
        securityContext: {
          sysctls: [
            { name: '', value: '1' },
            { name: 'Kernel', value: '1' },
            { name: 'net.core.somaxconn', value: '1' },
            { name: 'kernel.msgmax', value: '1' },
            { name: 'kernel.msgmax', value: '1' },
          ],
        },
      }),
      [
        `${at}.sysctls[0].name: Required value`,
        `${at}.sysctls[1].name: Invalid value: "Kernel": must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$`,
        `${at}.sysctls[2].name: Invalid value: "net.core.somaxconn": may not be specified when 'hostNetwork' is true`,
        `${at}.sysctls[4].name: Duplicate value: "kernel.msgmax"`,
      ],
    ],
    [
      'groups, policies and profiles',
      'pods',
      pod({
        hostPID: true,
        shareProcessNamespace: true,
        securityContext: {
          supplementalGroups: [1, -1],
          fsGroupChangePolicy: 'Never',
          seccompProfile: { type: 'Localhost' },
          appArmorProfile: { type: 'RuntimeDefault', localhostProfile: 'x' },
        },
      }),
      [
        `${at}.supplementalGroups[1]: Invalid value: -1: must be between 0 and 2147483647, inclusive`,
        `${at}.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled`,
        `${at}.fsGroupChangePolicy: Unsupported value: "Never": supported values: "Always", "OnRootMismatch"`,
        `${at}.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost`,
        `${at}.appArmorProfile.localhostProfile: Invalid value: "x": can only be set when AppArmor type is Localhost`,
      ],
    ],
    [
      'users of its own',
      'pods',
      pod({ hostUsers: false, hostNetwork: true, hostIPC: true }),
      [
        'spec.hostNetwork: Forbidden: when `hostUsers` is false',
        'spec.HostIPC: Forbidden: when `hostUsers` is false',
      ],
    ],
    [
      'a container without a kernel',
      'pods',
      pod({
        containers: [
          container({ securityContext: { procMount: 'Some', seccompProfile: { type: 'Own' } } }),
        ],
      }),
      [
        'spec.containers[0].securityContext.procMount: Unsupported value: "Some": supported values: "Default", "Unmasked"',
        'spec.containers[0].securityContext.seccompProfile.type: Unsupported value: "Own": supported values: "Localhost", "RuntimeDefault", "Unconfined"',
      ],
    ],
  ])
})

void t.test('details', async t => {
  runCases(t, [
    [
      'names and where they are looked up',
      'pods',
      pod({
        hostAliases: [{ ip: 'here', hostnames: ['A'] }],
        dnsConfig: {
          nameservers: ['1.1.1.1', '2.2.2.2', '3.3.3.3', 'x'],
          searches: ['_tcp.example.com.', '.', 'A'],
          options: [{ value: '1' }],
        },
      }),
      [
        'spec.dnsConfig.nameservers: Invalid value: ["1.1.1.1","2.2.2.2","3.3.3.3","x"]: must not have more than 3 nameservers',
        `spec.dnsConfig.nameservers[3]: Invalid value: "x": ${IP}`,
        `spec.dnsConfig.searches[2]: Invalid value: "A": ${SEARCH}`,
        'spec.dnsConfig.options[0]: Required value: must not be empty',
        `spec.hostAliases[0].ip: Invalid value: "here": ${IP}`,
        `spec.hostAliases[0].hostnames[0]: Invalid value: "A": ${SUBDOMAIN}`,
      ],
    ],
    [
      'gates and claims',
      'pods',
      pod({
        schedulingGates: [{ name: 'a' }, { name: 'a' }],
        resourceClaims: [
          { name: 'A', resourceClaimName: 'x', resourceClaimTemplateName: 'y' },
          { name: 'b' },
        ],
      }),
      [
        `spec.resourceClaims[0].name: Invalid value: "A": ${LABEL}`,
        'spec.resourceClaims[0]: Invalid value: {"Name":"A","ResourceClaimName":"x","ResourceClaimTemplateName":"y"}: at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified',
        'spec.resourceClaims[1]: Invalid value: {"Name":"b","ResourceClaimName":null,"ResourceClaimTemplateName":null}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`',
        'spec.schedulingGates[1]: Duplicate value: "a"',
      ],
    ],
    [
      'a system nobody has',
      'pods',
      pod({ os: { name: 'plan9' }, runtimeClassName: 'A', overhead: { pods: '1' } }),
      [
        `spec.runtimeClassName: Invalid value: "A": ${SUBDOMAIN}`,
        'spec.overhead.limits[pods]: Invalid value: "pods": must be a standard resource for containers',
        'spec.os: Unsupported value: "plan9": supported values: "linux", "windows"',
      ],
    ],
    [
      'spreading twice',
      'pods',
      pod({
        topologySpreadConstraints: [
          { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway', minDomains: 0 },
          {
            maxSkew: 1,
            topologyKey: 'zone',
            whenUnsatisfiable: 'ScheduleAnyway',
            nodeTaintsPolicy: 'Maybe',
          },
        ],
      }),
      [
        'spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, ScheduleAnyway}"',
        'spec.topologySpreadConstraints[0].minDomains: Invalid value: 0: must be greater than zero',
        'spec.topologySpreadConstraints[0].minDomains: Invalid value: 0: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway',
        'spec.topologySpreadConstraints[1].nodeTaintsPolicy: Unsupported value: "Maybe": supported values: "Honor", "Ignore"',
      ],
    ],
  ])
})

void t.test('volumes by source', async t => {
  const at = 'spec.volumes[0]'
  runCases(t, [
    [
      'git',
      'pods',
      holding({ gitRepo: { repository: '', directory: '/a' } }),
      [
        `${at}.gitRepo.repository: Required value`,
        `${at}.gitRepo.directory: Invalid value: "/a": must be a relative path`,
      ],
    ],
    [
      'iscsi',
      'pods',
      holding({ iscsi: { targetPortal: 'p', iqn: 'x', lun: 0, initiatorName: 'eui.1' } }),
      [
        `${at}.iscsi.iqn: Invalid value: "x": must be valid format starting with iqn, eui, or naa`,
        `${at}.iscsi.initiatorname: Invalid value: "eui.1": must be valid format`,
      ],
    ],
    ['csi', 'pods', holding({ csi: { driver: 'd.example.com' } }), []],
    [
      'csi without a driver',
      'pods',
      holding({ csi: { driver: '', nodePublishSecretRef: {} } }),
      [`${at}.csi.driver: Required value`, `${at}.csi.nodePublishSecretRef.name: Required value`],
    ],
    [
      'a claim of its own',
      'pods',
      holding({
        ephemeral: {
          volumeClaimTemplate: {
            metadata: { name: 'n' },
            spec: { accessModes: ['ReadWriteOnce'] },
          },
        },
      }),
      [
        `${at}.ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set`,
        `${at}.ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value`,
      ],
    ],
    [
      'an image',
      'pods',
      holding({ image: { pullPolicy: 'Maybe' } }),
      [
        `${at}.image.reference: Required value`,
        `${at}.image.pullPolicy: Unsupported value: "Maybe": supported values: "Always", "IfNotPresent", "Never"`,
      ],
    ],
    [
      'fields of the pod',
      'pods',
      holding({
        downwardAPI: {
          items: [
            { path: '', fieldRef: { fieldPath: 'spec.nodeName' } },
            { path: 'a' },
            { path: 'b', resourceFieldRef: { resource: 'limits.cpu' } },
          ],
        },
      }),
      [
        `${at}.downwardAPI.path: Required value`,
        `${at}.downwardAPI.fieldRef.fieldPath: Unsupported value: "spec.nodeName": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"`,
        `${at}.downwardAPI: Required value: one of fieldRef and resourceFieldRef is required`,
        `${at}.downwardAPI.resourceFieldRef.containerName: Required value`,
      ],
    ],
    [
      'files twice',
      'pods',
      holding({
        projected: {
          sources: [
            { secret: { name: 's', items: [{ key: 'k', path: 'p' }] } },
            { downwardAPI: { items: [{ path: 'p', fieldRef: { fieldPath: 'metadata.name' } }] } },
          ],
        },
      }),
      [`${at}.projected: Invalid value: "p": conflicting duplicate paths`],
    ],
    [
      'devices',
      'pods',
      pod({
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 'w', persistentVolumeClaim: { claimName: 'c' } },
        ],
        containers: [
          container({
            volumeMounts: [{ name: 'w', mountPath: '/w' }],
            volumeDevices: [
              { name: 'v', devicePath: '/../v' },
              { name: 'w', devicePath: '/d' },
              { name: 'z', devicePath: '/w' },
            ],
          }),
        ],
      }),
      [
        'spec.containers[0].volumeMounts[0].name: Invalid value: "w": must not already exist in volumeDevices',
        'spec.containers[0].volumeMounts[0].mountPath: Invalid value: "/w": must not already exist as a path in volumeDevices',
        'spec.containers[0].volumeDevices[0].name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
        'spec.containers[0].volumeDevices[0].devicePath: Invalid value: "/../v": can not contain backsteps (\'..\')',
        'spec.containers[0].volumeDevices[1].name: Invalid value: "w": must not already exist in volumeMounts',
        'spec.containers[0].volumeDevices[2].name: Not found: "z"',
        'spec.containers[0].volumeDevices[2].devicePath: Invalid value: "/w": must not already exist as a path in volumeMounts',
      ],
    ],
    [
      'two at once',
      'pods',
      holding({ nfs: { server: 's', path: '/p' }, emptyDir: {} }),
      [`${at}.nfs: Forbidden: may not specify more than 1 volume type`],
    ],
  ])
})

void t.test('ephemeral containers', async t => {
  const at = 'spec.ephemeralContainers'
  runCases(t, [
    [
      'on create',
      'pods',
      pod({
        ephemeralContainers: [
          { name: '', image: 'i' },
          { name: 'c', image: 'i', targetContainerName: 'z', ports: [{ containerPort: 1 }] },
        ],
      }),
      [
        `${at}[0].name: Required value`,
        `${at}[1].name: Duplicate value: "c"`,
        `${at}[1].targetContainerName: Not found: "z"`,
        `${at}[1].ports: Forbidden: cannot be set for an Ephemeral Container`,
        `${at}: Forbidden: cannot be set on create`,
      ],
    ],
    [
      'a node for a gated pod',
      'pods',
      pod({ nodeName: 'n', schedulingGates: [{ name: 'g' }] }),
      ['spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared'],
    ],
  ])
})

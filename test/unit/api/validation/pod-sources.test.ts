/** Where environment and files of containers come from, and how volumes are mounted. */
import { container, runCases } from '#test/support/validation-cases.ts'
import t from 'tap'

type Fields = Readonly<Record<string, unknown>>

const C = 'spec.containers[0]'
const pod = (spec: Fields): Fields => ({ spec: { containers: [container()], ...spec } })
const told = (valueFrom: Fields): Fields =>
  pod({
    volumes: [
      { name: 'e', emptyDir: {} },
      { name: 'h', hostPath: { path: '/x' } },
    ],
    containers: [container({ env: [{ name: 'A', valueFrom }] })],
  })
const FROM = `${C}.env[0].valueFrom`
const AMOUNTS =
  '"limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"'
const BYTES = '1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei'

void t.test('environment', async t => {
  const key = { volumeName: 'e', path: 'a/b', key: 'K' }
  runCases(t, [
    ['from a file', 'pods', told({ fileKeyRef: key }), []],
    [
      'from a file that cannot be',
      'pods',
      told({ fileKeyRef: { volumeName: 'h', path: '../b', key: 'a=b' } }),
      [
        `${FROM}.fileKeyRef.key: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than '='`,
        `${FROM}.fileKeyRef.path: Invalid value: "../b": must not contain '..'`,
        `${FROM}.fileKeyRef.volumeName: Invalid value: "h": referenced volume must be of type emptyDir`,
      ],
    ],
    [
      'from a file in no volume',
      'pods',
      told({ fileKeyRef: { ...key, volumeName: 'x' } }),
      [`${FROM}.fileKeyRef.volumeName: Not found: "x"`],
    ],
    [
      'from an annotation',
      'pods',
      told({ fieldRef: { fieldPath: "metadata.annotations['a']" } }),
      [],
    ],
    [
      'from a field that it is not told',
      'pods',
      told({ fieldRef: { fieldPath: 'status.phase' } }),
      [
        `${FROM}.fieldRef.fieldPath: Unsupported value: "status.phase": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"`,
      ],
    ],
    [
      'from no field',
      'pods',
      told({ fieldRef: { fieldPath: 'spec.cats' } }),
      [
        `${FROM}.fieldRef.fieldPath: Invalid value: "spec.cats": error converting fieldPath: field label not supported: spec.cats`,
      ],
    ],
    [
      'from a part of a field without parts',
      'pods',
      told({ fieldRef: { fieldPath: "spec.nodeName['a']" } }),
      [
        `${FROM}.fieldRef.fieldPath: Invalid value: "spec.nodeName['a']": error converting fieldPath: field label does not support subscript: spec.nodeName['a']`,
      ],
    ],
    [
      'from no amount',
      'pods',
      told({ resourceFieldRef: { resource: 'limits.gold' } }),
      [
        `${FROM}.resourceFieldRef.resource: Unsupported value: "limits.gold": supported values: ${AMOUNTS}`,
      ],
    ],
    [
      'cores counted in bytes',
      'pods',
      told({ resourceFieldRef: { resource: 'limits.cpu', divisor: '1Mi' } }),
      [
        `${FROM}.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
      ],
    ],
    [
      'huge pages counted in threes',
      'pods',
      told({ resourceFieldRef: { resource: 'limits.hugepages-2Mi', divisor: '3' } }),
      [
        `${FROM}.resourceFieldRef.divisor: Invalid value: "limits.hugepages-2Mi": only divisor's values ${BYTES} are supported with the hugepages resource`,
      ],
    ],
  ])
})

void t.test('projected files', async t => {
  const at = 'spec.volumes[0].projected'
  const projected = (...sources: readonly object[]): Fields =>
    pod({ volumes: [{ name: 'v', projected: { sources } }] })
  const signed = { signerName: 'example.com/s', keyType: 'ED25519' }
  runCases(t, [
    [
      'certificates',
      'pods',
      projected(
        { clusterTrustBundle: { signerName: 'example.com/s', path: 'ca' } },
        { podCertificate: { ...signed, credentialBundlePath: 'bundle' } },
      ),
      [],
    ],
    [
      'bundles',
      'pods',
      projected(
        { clusterTrustBundle: { path: 'a' } },
        { clusterTrustBundle: { name: 'n', signerName: 'example.com/s', path: 'a' } },
        { clusterTrustBundle: { name: 'n', labelSelector: {}, path: '' } },
        { clusterTrustBundle: { signerName: 'example', path: '..data' } },
      ),
      [
        `${at}.sources[0].clusterTrustBundle: Required value: either name or signerName must be specified`,
        `${at}.sources[1].clusterTrustBundle: Invalid value: {"name":"n","path":"a","signerName":"example.com/s"}: only one of name and signerName may be used`,
        `${at}.sources[2].clusterTrustBundle.labelSelector: Invalid value: {}: labelSelector must be unset if name is specified`,
        `${at}.sources[2].clusterTrustBundle.path: Required value`,
        `${at}.sources[3].clusterTrustBundle.signerName: Invalid value: "example": must be a fully qualified domain and path of the form 'example.com/signer-name'`,
        `${at}.sources[3].clusterTrustBundle.path: Invalid value: "..data": must not start with '..'`,
        `${at}: Invalid value: "a": conflicting duplicate paths`,
      ],
    ],
    [
      'a certificate of no kind, for too short, and nowhere',
      'pods',
      projected({ podCertificate: { signerName: '', keyType: 'DSA', maxExpirationSeconds: 60 } }),
      [
        `${at}.sources[0].podCertificate.signerName: Required value`,
        `${at}.sources[0].podCertificate.keyType: Unsupported value: "DSA": supported values: "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519", "RSA3072", "RSA4096"`,
        `${at}.sources[0].podCertificate.maxExpirationSeconds: Invalid value: 60: if provided, maxExpirationSeconds must be >= 3600`,
        `${at}.sources[0].podCertificate: Required value: specify at least one of credentialBundlePath, keyPath, and certificateChainPath`,
      ],
    ],
    [
      'a certificate twice in one file, for too long',
      'pods',
      projected({
        podCertificate: {
          ...signed,
          keyPath: 'k',
          certificateChainPath: 'k',
          maxExpirationSeconds: 9_999_999,
        },
      }),
      [
        `${at}.sources[0].podCertificate.maxExpirationSeconds: Invalid value: 9999999: if provided, maxExpirationSeconds must be <= 7862400`,
        `${at}: Invalid value: "k": conflicting duplicate paths`,
      ],
    ],
  ])
})

void t.test('mounts', async t => {
  const at = `${C}.volumeMounts[0]`
  const mounting = (mount: Fields, more: Fields = {}): Fields =>
    pod({
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'i', image: { reference: 'i' } },
      ],
      containers: [
        container({ volumeMounts: [{ name: 'v', mountPath: '/v', ...mount }], ...more }),
      ],
    })
  const both = { mountPropagation: 'Bidirectional' }
  runCases(t, [
    [
      'both ways, privileged',
      'pods',
      mounting(both, { securityContext: { privileged: true } }),
      [],
    ],
    [
      'both ways',
      'pods',
      mounting(both),
      [
        `${at}.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers`,
      ],
    ],
    [
      'read-only below, and not here',
      'pods',
      mounting({ recursiveReadOnly: 'Enabled', mountPropagation: 'HostToContainer' }),
      [
        `${at}.recursiveReadOnly: Forbidden: may only be specified when readOnly is true`,
        `${at}.recursiveReadOnly: Forbidden: may only be specified when mountPropagation is None or not specified`,
      ],
    ],
    [
      'read-only perhaps',
      'pods',
      mounting({ recursiveReadOnly: 'Perhaps' }),
      [
        `${at}.recursiveReadOnly: Unsupported value: "Perhaps": supported values: "Disabled", "Enabled", "IfPossible"`,
      ],
    ],
    [
      'a part of an image',
      'pods',
      mounting({ name: 'i', subPath: 'a' }),
      [`${at}.subPath: Invalid value: "a": not allowed in image volume sources`],
    ],
  ])
})

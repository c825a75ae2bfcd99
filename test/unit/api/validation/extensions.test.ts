/** Rules of the kinds that extend the API server: upstream's field paths and words. */
import {
  type Case,
  LABEL_1035,
  runCases,
  SUBDOMAIN,
  updateFaults,
} from '#test/support/validation-cases.ts'
import t from 'tap'

void t.test('webhooks', async t => {
  const rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }
  const hook = (fields: object): object => ({
    webhooks: [
      {
        name: 'a.b.c',
        clientConfig: { url: 'https://h/p' },
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        rules: [rule],
        ...fields,
      },
    ],
  })
  const at = 'webhooks[0]'
  const cases: readonly (readonly [string, object, readonly string[]])[] = [
    ['a good one', hook({}), []],
    [
      'a short name, effects, a long wait',
      hook({ name: 'a.b', sideEffects: 'Some', timeoutSeconds: 31 }),
      [
        `${at}.name: Invalid value: "a.b": should be a domain with at least three segments separated by dots`,
        `${at}.sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"`,
        `${at}.timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds`,
      ],
    ],
    [
      'nobody to ask',
      hook({ clientConfig: {} }),
      [`${at}.clientConfig: Required value: exactly one of url or service is required`],
    ],
    [
      'a bad address',
      hook({ clientConfig: { url: 'http://u@/p?q#f' } }),
      [
        `${at}.clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
        `${at}.clientConfig.url: Invalid value: "": host must be specified; desired format: https://host[/path]`,
        `${at}.clientConfig.url: Invalid value: "u": user information is not permitted in the URL`,
        `${at}.clientConfig.url: Invalid value: "f": fragments are not permitted in the URL`,
        `${at}.clientConfig.url: Invalid value: "q": query parameters are not permitted in the URL`,
      ],
    ],
    [
      'a bad service',
      hook({ clientConfig: { service: { name: 's', namespace: '', path: '//', port: 0 } } }),
      [
        `${at}.clientConfig.service.name: Required value`,
        `${at}.clientConfig.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive`,
        `${at}.clientConfig.service.path: Invalid value: "//": segment[0] may not be empty`,
      ],
    ],
    [
      'versions nobody speaks',
      hook({ admissionReviewVersions: ['v0', 'v0'] }),
      [
        `${at}.admissionReviewVersions[1]: Invalid value: "v0": duplicate version`,
        `${at}.admissionReviewVersions: Invalid value: ["v0","v0"]: must include at least one of v1, v1beta1`,
      ],
    ],
    [
      'rules',
      hook({
        rules: [
          {
            operations: ['*', 'FLY'],
            apiGroups: [],
            apiVersions: [''],
            resources: ['*/*', 'a/*', 'a/b', '*', 'a'],
            scope: 'X',
          },
        ],
      }),
      [
        `${at}.rules[0].operations: Invalid value: ["*","FLY"]: if '*' is present, must not specify other operations`,
        `${at}.rules[0].operations[1]: Unsupported value: "FLY": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"`,
        `${at}.rules[0].apiGroups: Required value`,
        `${at}.rules[0].apiVersions[0]: Required value`,
        `${at}.rules[0].resources[1]: Invalid value: "a/*": if '*/*' is present, must not specify a/*`,
        `${at}.rules[0].resources[2]: Invalid value: "a/b": if 'a/*' is present, must not specify a/b`,
        `${at}.rules[0].resources: Invalid value: ["*/*","a/*","a/b","*","a"]: if '*/*' is present, must not specify other resources`,
        `${at}.rules[0].resources: Invalid value: ["*/*","a/*","a/b","*","a"]: if '*' is present, must not specify other resources without subresources`,
        `${at}.rules[0].scope: Unsupported value: "X": supported values: "*", "Cluster", "Namespaced"`,
      ],
    ],
    [
      'conditions',
      hook({
        matchConditions: [
          { name: '', expression: ' ' },
          { name: 'a', expression: 'true' },
          { name: 'a', expression: 'true' },
        ],
      }),
      [
        `${at}.matchConditions[0].expression: Required value`,
        `${at}.matchConditions[0].name: Required value`,
        `${at}.matchConditions[2].name: Duplicate value: "a"`,
      ],
    ],
  ]
  for (const plural of ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations']) {
    runCases(
      t,
      cases.map(([name, fields, faults]): Case => [name, plural, fields, faults]),
    )
  }
  const old = hook({ sideEffects: 'Some', admissionReviewVersions: ['v0'] })
  t.strictSame(updateFaults('validatingwebhookconfigurations', old, old), [], 'what was, may stay')
})

void t.test('admission policies', async t => {
  const matchConstraints = {
    resourceRules: [
      {
        operations: ['CREATE'],
        apiGroups: ['apps'],
        apiVersions: ['v1'],
        resources: ['deployments'],
      },
    ],
  }
  const spec = { matchConstraints, validations: [{ expression: 'true' }] }
  const policy = 'validatingadmissionpolicies'
  const binding = 'validatingadmissionpolicybindings'
  runCases(t, [
    ['a good one', policy, { spec }, []],
    [
      'an empty one',
      policy,
      { spec: {} },
      [
        'spec.matchConstraints: Required value',
        'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
        'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
      ],
    ],
    [
      'validations, variables, parameters',
      policy,
      {
        spec: {
          ...spec,
          paramKind: { apiVersion: 'a/b/c', kind: '' },
          variables: [{ name: 'a-b', expression: '' }],
          validations: [{ expression: ' ', message: 'a\nb', reason: 'Gone' }],
        },
      },
      [
        'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
        'spec.paramKind.kind: Required value',
        'spec.variables[0].name: Invalid value: "a-b": must be a valid CEL identifier',
        'spec.variables[0].expression: Required value: expression is not specified',
        'spec.validations[0].expression: Required value: expression is not specified',
        'spec.validations[0].message: Invalid value: "a\\nb": must not contain line breaks',
        'spec.validations[0].reason: Unsupported value: "Gone": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
      ],
    ],
    ['bound', binding, { spec: { policyName: 'p', validationActions: ['Deny'] } }, []],
    [
      'bound to nothing, with too many actions',
      binding,
      { spec: { policyName: '', validationActions: ['Deny', 'Warn', 'Deny'] } },
      [
        'spec.policyName: Required value',
        'spec.validationActions[2]: Duplicate value: "Deny"',
        'spec.validationActions: Invalid value: ["Deny","Warn","Deny"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ],
    ],
    [
      'parameters by nothing',
      'mutatingadmissionpolicybindings',
      { spec: { policyName: 'p', paramRef: {} } },
      [
        'spec.paramRef: Required value: one of name or selector must be specified',
        'spec.paramRef.parameterNotFoundAction: Required value',
      ],
    ],
    [
      'a mutation of the wrong type',
      'mutatingadmissionpolicies',
      {
        spec: {
          matchConstraints,
          reinvocationPolicy: 'Never',
          mutations: [{ patchType: 'JSONPatch', applyConfiguration: { expression: 'x' } }],
        },
      },
      [
        'spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch',
        'spec.mutations[0].applyConfiguration: Invalid value: "{applyConfiguration}": must not be specified when patchType is JSONPatch',
      ],
    ],
  ])
})

void t.test('custom resource definitions', async t => {
  const version = (schema: object, more: object = {}): object => ({
    name: 'v1',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: schema },
    ...more,
  })
  const names = { plural: 'ws', kind: 'W' }
  const definition = (spec: object, name = 'ws.a.io'): object => ({
    metadata: { name },
    spec: { group: 'a.io', scope: 'Cluster', names, ...spec },
    status: { storedVersions: ['v1'] },
  })
  const withSchema = (schema: object, more: object = {}): object =>
    definition({ versions: [version(schema, more)] })
  const object = { type: 'object' }
  const at = 'spec.validation.openAPIV3Schema'
  const plural = 'customresourcedefinitions'
  const cases: readonly (readonly [string, object, readonly string[]])[] = [
    ['a small one', withSchema(object), []],
    [
      'integers or strings',
      withSchema({
        ...object,
        properties: {
          a: {
            'x-kubernetes-int-or-string': true,
            anyOf: [{ type: 'integer' }, { type: 'string' }],
          },
        },
      }),
      [],
    ],
    [
      'a name of another',
      definition({ versions: [version(object)] }, 'x'),
      ['metadata.name: Invalid value: "x": must be spec.names.plural+"."+spec.group'],
    ],
    [
      'no schema, no version to store',
      definition({ versions: [{ name: 'v1', served: true, storage: false }] }),
      [
        'spec.versions[0].schema.openAPIV3Schema: Required value',
        'spec.versions: Invalid value: [{"name":"v1","served":true,"storage":false}]: must have exactly one version marked as storage version',
      ],
    ],
    [
      'fields without a type, a root that is none',
      withSchema({ type: 'array', properties: { spec: {} } }),
      [
        `${at}.items: Required value: must be specified`,
        `${at}.properties[spec].type: Required value: must not be empty for specified object fields`,
        `${at}.type: Invalid value: "array": must be object at the root`,
      ],
    ],
    [
      'not structural',
      withSchema({ ...object, anyOf: [{ properties: { a: { type: 'string' } } }] }),
      [
        `${at}.anyOf[0].properties[a].type: Forbidden: must be empty to be structural`,
        `${at}.properties[a]: Required value: because it is defined in ${at}.anyOf[0].properties[a]`,
      ],
    ],
    [
      'keys that are no fields, metadata that says too much',
      withSchema({
        ...object,
        properties: {
          metadata: { type: 'object', properties: { labels: { type: 'object' } } },
          l: {
            type: 'array',
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['k'],
            items: { type: 'object' },
          },
        },
      }),
      [
        `${at}.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified`,
        `${at}.properties[l].x-kubernetes-list-map-keys: Invalid value: ["k"]: entries must all be names of item properties`,
      ],
    ],
    [
      'columns, subresources, names',
      definition({
        names: { ...names, singular: 'S', listKind: 'W' },
        versions: [
          version(object, {
            subresources: { scale: { specReplicasPath: '.status.x', statusReplicasPath: '' } },
            additionalPrinterColumns: [{ name: 'C', type: 'text', jsonPath: 'x' }],
          }),
        ],
      }),
      [
        `spec.names.singular: Invalid value: "S": ${LABEL_1035}`,
        'spec.names.listKind: Invalid value: "W": kind and listKind may not be the same',
        'spec.subresources.scale.specReplicasPath: Invalid value: ".status.x": should be a json path under .spec',
        'spec.subresources.scale.statusReplicasPath: Required value',
        'spec.additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string',
        'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "x": must be a simple json path starting with .',
      ],
    ],
    [
      'conversion by nobody',
      definition({ versions: [version(object)], conversion: { strategy: 'Webhook' } }),
      [
        'spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook',
        'spec.conversion.conversionReviewVersions: Required value',
      ],
    ],
    [
      'a group that is no domain, a protected one',
      { ...definition({ group: 'A', versions: [version(object)] }, 'ws.A') },
      [
        `metadata.name: Invalid value: "ws.A": ${SUBDOMAIN}`,
        `spec.group: Invalid value: "A": ${SUBDOMAIN}`,
      ],
    ],
    [
      'a group of the project',
      definition({ group: 'x.k8s.io', versions: [version(object)] }, 'ws.x.k8s.io'),
      [
        'metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
      ],
    ],
  ]
  runCases(
    t,
    cases.map(([name, fields, faults]): Case => [name, plural, fields, faults]),
  )
  const old = {
    ...Object(withSchema(object)),
    status: { storedVersions: ['v1'], conditions: [{ type: 'Established', status: 'True' }] },
  }
  t.strictSame(updateFaults(plural, old, { ...old, spec: { ...old.spec, scope: 'Namespaced' } }), [
    'spec.scope: Invalid value: "Namespaced": field is immutable',
  ])
})

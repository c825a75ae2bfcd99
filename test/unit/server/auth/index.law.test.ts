/** Laws of the two indexes: after any history they answer as if everything were looked at anew. */
import t from 'tap'
import type { UserInfo } from '#api/request.ts'
import type { Pod } from '#api/types/core-v1.ts'
import type { RoleBinding } from '#api/types/rbac-v1.ts'
import { seededRandom } from '#base/random.ts'
import { createNodeGraph, referencesOf } from '#server/auth/node-graph.ts'
import { createRbacAuthorizer } from '#server/auth/rbac.ts'
import { memoryReader } from '../../../support/memory-reader.ts'

const GROUP = 'rbac.authorization.k8s.io'
const WORLDS = 30
const STEPS = 80

void t.test('RBAC: a user may exactly what one of the present bindings gives him', async t => {
  for (let seed = 1; seed <= WORLDS; seed += 1) {
    const random = seededRandom(seed)
    const pick = (count: number): number => Math.floor(random.float() * count)
    const reader = memoryReader()
    const rbac = createRbacAuthorizer(reader)
    const present = new Map<string, RoleBinding>()
    for (const role of [0, 1, 2]) {
      reader.put(`clusterroles.${GROUP}`, {
        apiVersion: '',
        kind: 'ClusterRole',
        metadata: { name: `role${role}` },
        rules: [{ verbs: ['get'], apiGroups: [''], resources: [`things${role}`] }],
      })
    }
    const users: readonly UserInfo[] = [0, 1, 2].map(index => ({
      name: index === 0 ? 'system:serviceaccount:ns0:robot' : `user${index}`,
      groups: [`group${index}`, 'all'],
    }))
    const subjects = [
      { kind: 'ServiceAccount', name: 'robot', namespace: 'ns0' },
      { kind: 'User', name: 'user1' },
      { kind: 'Group', name: 'group2' },
      { kind: 'Group', name: 'all' },
    ]
    const applies = ({ kind, name }: (typeof subjects)[number], user: UserInfo): boolean => {
      if (kind === 'Group') return user.groups.includes(name)
      return kind === 'User'
        ? user.name === name
        : user.name === `system:serviceaccount:ns0:${name}`
    }
    for (let step = 0; step < STEPS; step += 1) {
      const namespace = `ns${pick(2)}`
      const binding: RoleBinding = {
        apiVersion: '',
        kind: 'RoleBinding',
        metadata: { name: `b${pick(5)}`, namespace },
        roleRef: { kind: 'ClusterRole', name: `role${pick(4)}` },
        subjects: subjects.filter(() => random.float() < 0.4),
      }
      const key = `${namespace}/${binding.metadata.name}`
      const existing = present.get(key)
      if (existing !== undefined && random.float() < 0.4) {
        reader.remove(`rolebindings.${GROUP}`, existing)
        present.delete(key)
      } else {
        reader.put(`rolebindings.${GROUP}`, binding)
        present.set(key, binding)
      }
      const user = users[pick(users.length)]
      const role = pick(3)
      const place = `ns${pick(2)}`
      if (user === undefined) continue
      const expected = [...present.values()].some(
        ({ metadata, roleRef, subjects: bound = [] }) =>
          metadata.namespace === place &&
          roleRef.name === `role${role}` &&
          bound.some(subject => applies({ namespace: '', ...subject }, user)),
      )
      const { decision } = rbac.authorize({
        user,
        verb: 'get',
        isResource: true,
        path: '',
        group: '',
        version: 'v1',
        resource: `things${role}`,
        subresource: '',
        namespace: place,
        name: 'x',
      })
      if ((decision === 'allow') !== expected) t.fail(`seed ${seed}, step ${step}`)
    }
  }
  t.pass(`${WORLDS} worlds`)
})

void t.test('the graph: a node reaches exactly what its present pods refer to', async t => {
  for (let seed = 1; seed <= WORLDS; seed += 1) {
    const random = seededRandom(seed)
    const pick = (count: number): number => Math.floor(random.float() * count)
    const reader = memoryReader()
    const graph = createNodeGraph(reader)
    const present = new Map<string, Pod>()
    for (let step = 0; step < STEPS; step += 1) {
      const name = `pod${pick(6)}`
      const node = pick(3)
      const pod: Pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'default' },
        spec: {
          containers: [],
          ...(node === 0 ? {} : { nodeName: `node${node}` }),
          volumes: [0, 1, 2]
            .filter(() => random.float() < 0.5)
            .map(index => ({ name: `v${index}`, secret: { secretName: `secret${index}` } })),
        },
      }
      const existing = present.get(name)
      if (existing !== undefined && random.float() < 0.4) {
        reader.remove('pods', existing)
        present.delete(name)
      } else {
        reader.put('pods', pod)
        present.set(name, pod)
      }
      for (const nodeName of ['node1', 'node2']) {
        for (const secret of ['secret0', 'secret1', 'secret2']) {
          const expected = [...present.values()].some(
            other =>
              other.spec?.nodeName === nodeName &&
              referencesOf(other).includes(`secrets/default/${secret}`),
          )
          const found = graph.reaches(nodeName, 'secrets', { namespace: 'default', name: secret })
          if (found !== expected) t.fail(`seed ${seed}, step ${step}`)
        }
      }
    }
  }
  t.pass(`${WORLDS} worlds`)
})

/**
 * Writes `api/schemas/*.ts` (field facts) and `api/types/*.ts` (TypeScript types) from upstream's Go sources.
 * A maintainer's tool, run by hand when the Kubernetes level moves; no build and no test calls it.
 *
 * Usage   node packaging/schemas.ts <k8s.io of now> <project folder> <k8s.io of 1.20>
 *         The first holds api, apimachinery and apiextensions-apiserver (Debian sid: unpack golang-k8s-api-dev and its
 *         sisters, then usr/share/gocode/src/k8s.io). The last holds what upstream has dropped since, and
 *         kube-aggregator (Debian bookworm: `apt-get source kubernetes`, then staging/src/k8s.io).
 * Input   Go struct declarations: json and protobuf tags, patch tags, `+marker` comments, `+enum` constants.
 *         Only facts are taken, no sentence of upstream's documentation.
 * Output  one pair of files per row of GROUPS; facts alone for an old version, which nothing of ours reads by its type.
 *         Adding a group is adding a row.
 * Throws  on a Go type it cannot place: nothing is guessed.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { FactsWriter } from './schemas/facts.ts'
import { type GoFile, type Group, parseFile } from './schemas/go.ts'
import { TypesWriter } from './schemas/types.ts'

const api = (file: string, folder: string): Group => ({
  file,
  folder: `api/${folder}`,
  openApi: `io.k8s.api.${folder.replace('/', '.')}`,
})

/** `apps/v1beta1` becomes `apps-v1beta1`. */
const old = (folder: string): Group => ({
  ...api(folder.replace('/', '-'), folder),
  isOld: true,
})

/** Structs of PodSecurityPolicy, which was dropped in 1.25. */
const SECURITY_POLICY =
  /^(PodSecurityPolicy|Allowed(HostPath|FlexVolume|CSIDriver)$|HostPortRange$|IDRange$|(SELinux|RunAsUser|RunAsGroup|FSGroup|SupplementalGroups|RuntimeClass)StrategyOptions$)/

const withSecurityPolicies = (folder: string): Group => ({
  ...old(folder),
  adopts: { folder: `api/${folder}`, structs: SECURITY_POLICY, isOlder: true },
})

const GROUPS: readonly Group[] = [
  {
    file: 'meta-v1',
    folder: 'apimachinery/pkg/apis/meta/v1',
    openApi: 'io.k8s.apimachinery.pkg.apis.meta.v1',
  },
  api('core-v1', 'core/v1'),
  api('admissionregistration-v1', 'admissionregistration/v1'),
  api('apps-v1', 'apps/v1'),
  api('authentication-v1', 'authentication/v1'),
  api('authorization-v1', 'authorization/v1'),
  api('autoscaling-v1', 'autoscaling/v1'),
  api('autoscaling-v2', 'autoscaling/v2'),
  api('batch-v1', 'batch/v1'),
  api('certificates-v1', 'certificates/v1'),
  api('coordination-v1', 'coordination/v1'),
  api('discovery-v1', 'discovery/v1'),
  api('events-v1', 'events/v1'),
  api('flowcontrol-v1', 'flowcontrol/v1'),
  api('networking-v1', 'networking/v1'),
  api('node-v1', 'node/v1'),
  api('policy-v1', 'policy/v1'),
  api('rbac-v1', 'rbac/v1'),
  {
    ...api('resource-v1', 'resource/v1'),
    // Version 1.37 has them in v1, unchanged.
    adopts: { folder: 'api/resource/v1beta2', structs: /^DeviceTaint(Rule|Selector)/ },
  },
  api('scheduling-v1', 'scheduling/v1'),
  api('storage-v1', 'storage/v1'),
  api('storagemigration-v1beta1', 'storagemigration/v1beta1'),
  {
    file: 'apiextensions-v1',
    folder: 'apiextensions-apiserver/pkg/apis/apiextensions/v1',
    openApi: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
  },
  {
    file: 'apiregistration-v1',
    folder: 'kube-aggregator/pkg/apis/apiregistration/v1',
    openApi: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
  },
  withSecurityPolicies('extensions/v1beta1'),
  old('apps/v1beta1'),
  old('apps/v1beta2'),
  old('batch/v1beta1'),
  old('batch/v2alpha1'),
  withSecurityPolicies('policy/v1beta1'),
  old('rbac/v1alpha1'),
  old('rbac/v1beta1'),
  old('autoscaling/v2beta1'),
  old('autoscaling/v2beta2'),
  old('networking/v1beta1'),
  old('storage/v1beta1'),
  old('discovery/v1beta1'),
  old('events/v1beta1'),
  old('admissionregistration/v1beta1'),
  old('certificates/v1beta1'),
  old('coordination/v1beta1'),
  old('scheduling/v1alpha1'),
  old('scheduling/v1beta1'),
  old('authentication/v1beta1'),
  old('authorization/v1beta1'),
  old('node/v1beta1'),
  old('flowcontrol/v1beta3'),
  old('resource/v1beta2'),
  {
    file: 'apiextensions-v1beta1',
    folder: 'apiextensions-apiserver/pkg/apis/apiextensions/v1beta1',
    openApi: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1beta1',
    isOld: true,
  },
  {
    file: 'apiregistration-v1beta1',
    folder: 'kube-aggregator/pkg/apis/apiregistration/v1beta1',
    openApi: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1beta1',
    isOld: true,
  },
]

const [root = '', project = '', olderRoot = ''] = process.argv.slice(2)

/** All declarations of a package as one text, so that imports and constants are found together. */
function sourceOf(folder: string, roots = [root, olderRoot]): string {
  const directories = roots.map(each => path.join(each, folder))
  const directory = directories.find(each => existsSync(each)) ?? folder
  return readdirSync(directory)
    .filter(
      name =>
        /^types\w*\.go$|^watch\.go$|^group_version\.go$/.test(name) && !/_test|swagger/.test(name),
    )
    .map(name => readFileSync(path.join(directory, name), 'utf8'))
    .join('\n')
}

function parse(group: Group): GoFile {
  const own = parseFile(group, GROUPS, sourceOf(group.folder))
  const { adopts } = group
  if (adopts === undefined) return own
  const other = parseFile(
    group,
    GROUPS,
    sourceOf(adopts.folder, [adopts.isOlder === true ? olderRoot : root]),
  )
  const adopted = other.structs.filter(({ name }) => adopts.structs.test(name))
  const aliases = new Map([...other.aliases, ...own.aliases])
  return { ...own, aliases, structs: [...own.structs, ...adopted] }
}

const parsed = GROUPS.map(parse)
const folderOf = (file: string): string => GROUPS.find(group => group.file === file)?.folder ?? ''
const facts = new FactsWriter(parsed, file => sourceOf(folderOf(file)))
const types = new TypesWriter(facts)
for (const file of parsed) {
  writeFileSync(path.join(project, 'api/schemas', `${file.group.file}.ts`), facts.data(file))
  if (file.group.isOld === true) continue
  writeFileSync(path.join(project, 'api/types', `${file.group.file}.ts`), types.types(file))
}

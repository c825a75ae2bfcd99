/**
 * Writes `api/schemas/*.ts` (field facts) and `api/types/*.ts` (TypeScript types) from upstream's Go sources.
 * A maintainer's tool, run by hand when the Kubernetes level moves; no build and no test calls it.
 *
 * Usage   node packaging/schemas.ts <folder that holds k8s.io/api and k8s.io/apimachinery> <project folder>
 *         (Debian: unpack golang-k8s-api-dev and golang-k8s-apimachinery-dev, then usr/share/gocode/src/k8s.io)
 * Input   Go struct declarations: json and protobuf tags, patch tags, `+marker` comments, `+enum` constants.
 *         Only facts are taken, no sentence of upstream's documentation.
 * Output  one pair of files per row of GROUPS. Adding a group is adding a row.
 * Throws  on a Go type it cannot place: nothing is guessed.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { FactsWriter } from './schemas/facts.ts'
import { type GoFile, type Group, parseFile } from './schemas/go.ts'
import { TypesWriter } from './schemas/types.ts'

const api = (file: string, folder: string): Group => ({
  file,
  folder: `api/${folder}`,
  openApi: `io.k8s.api.${folder.replace('/', '.')}`,
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
]

const [root = '', project = ''] = process.argv.slice(2)

/** All declarations of a package as one text, so that imports and constants are found together. */
function sourceOf(folder: string): string {
  const directory = path.join(root, folder)
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
  const other = parseFile(group, GROUPS, sourceOf(adopts.folder))
  const adopted = other.structs.filter(({ name }) => adopts.structs.test(name))
  return { ...own, structs: [...own.structs, ...adopted] }
}

const parsed = GROUPS.map(parse)
const folderOf = (file: string): string => GROUPS.find(group => group.file === file)?.folder ?? ''
const facts = new FactsWriter(parsed, file => sourceOf(folderOf(file)))
const types = new TypesWriter(facts)
for (const file of parsed) {
  writeFileSync(path.join(project, 'api/schemas', `${file.group.file}.ts`), facts.data(file))
  writeFileSync(path.join(project, 'api/types', `${file.group.file}.ts`), types.types(file))
}

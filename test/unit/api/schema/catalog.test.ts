/** The data of all groups can be read, and says what upstream says. */
import t from 'tap'
import { groupFiles, struct, structOfOpenApi, structsOf } from '#api/schema/catalog.ts'
import { DESCRIPTIONS } from '#api/schemas/descriptions.ts'
import { readGroup } from '#api/schema/notation.ts'

void t.test('every struct of every group resolves', async t => {
  for (const file of groupFiles()) {
    for (const type of structsOf(file).values()) {
      const numbers = [...type.fields.values()].filter(field => field.inline === undefined)
      const used = numbers.map(field => field.number).filter(number => number > 0)
      t.equal(new Set(used).size, used.length, `${type.name}: protobuf numbers are distinct`)
      t.equal(structOfOpenApi(type.name), type)
    }
  }
})

void t.test('lists know how they merge', async t => {
  const facts = (owner: string, name: string): unknown => {
    const field = struct(owner).fields.get(name)
    if (field?.type.kind !== 'list') return undefined
    const { listType, keys } = field.type
    return [listType, keys, field.patchMergeKey, field.patchStrategy]
  }
  t.same(facts('core-v1.Container', 'ports'), [
    'map',
    ['containerPort', 'protocol'],
    'containerPort',
    ['merge'],
  ])
  t.same(facts('core-v1.PodSpec', 'volumes'), ['map', ['name'], 'name', ['merge', 'retainKeys']])
  t.same(facts('meta-v1.ObjectMeta', 'finalizers'), ['set', [], undefined, ['merge']])
  t.same(facts('core-v1.PodSpec', 'tolerations'), ['atomic', [], undefined, undefined])
})

void t.test('what is owned as one says so', async t => {
  t.ok(struct('meta-v1.LabelSelector').atomic)
  const nodeSelector = struct('core-v1.PodSpec').fields.get('nodeSelector')?.type
  t.match(nodeSelector, { kind: 'map', mapType: 'atomic' })
})

void t.test('embedded fields remember the message they sit in', async t => {
  t.match(struct('core-v1.Volume').fields.get('hostPath'), { number: 1, inline: [2] })
  t.match(struct('core-v1.Container').fields.get('name'), { number: 1, inline: undefined })
})

void t.test('the notation', async t => {
  const facts = `
enum Colour dark red|green
Thing atomic
 name string 1 !
 colours [Colour] 2 list=set patch=merge
 size *int32 3 . default={"a": 1}
 next *Thing 4
 mode string 5 implied="default=x"
`
  const { structs } = readGroup(
    'x',
    { prefix: 'io.x', facts },
    () => struct('core-v1.Pod'),
    key => `about ${key}`,
  )
  const thing = structs.get('Thing')
  t.match(thing, { name: 'io.x.Thing', atomic: true, description: 'about x.Thing' })
  t.match(thing?.fields.get('name'), { required: true, omitEmpty: false, pointer: false })
  t.match(thing?.fields.get('colours'), {
    type: { listType: 'set', items: { enum: ['dark red', 'green'], name: 'Colour' } },
    patchStrategy: ['merge'],
    description: 'about x.Thing.colours',
  })
  t.match(thing?.fields.get('size'), {
    pointer: true,
    omitEmpty: false,
    required: false,
    default: { a: 1 },
    implied: undefined,
  })
  t.match(thing?.fields.get('mode'), { default: 'default=x', implied: true })
  t.equal(thing?.fields.get('next')?.type, thing, 'a struct may hold itself')
})

void t.test('every description is of something', async t => {
  for (const key of Object.keys(DESCRIPTIONS)) {
    const [file = '', name = '', field] = key.split('.')
    const type = struct(`${file}.${name}`)
    t.ok(field === undefined || type.fields.has(field), key)
  }
})

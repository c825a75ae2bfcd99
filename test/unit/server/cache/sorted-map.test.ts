/** The persistent sorted map beside a plain Map, and that old versions stay as they were. */
import t from 'tap'
import { seededRandom } from '#base/random.ts'
import { SortedMap } from '#server/cache/sorted-map.ts'

void t.test(
  'agrees with a plain map through random changes, and snapshots do not move',
  async t => {
    const random = seededRandom(7)
    const plain = new Map<string, number>()
    let sorted = SortedMap.empty<number>()
    const snapshots: { readonly map: SortedMap<number>; readonly wanted: readonly number[] }[] = []
    const inOrder = (): number[] =>
      [...plain].sort(([left], [right]) => (left < right ? -1 : 1)).map(entry => entry[1])
    for (let step = 1; step <= 5000; step++) {
      const key = `k${Math.floor(random.float() * 900)}`
      if (random.float() < 0.6) {
        plain.set(key, step)
        sorted = sorted.set(key, step)
      } else {
        plain.delete(key)
        sorted = sorted.delete(key)
      }
      if (step % 500 === 0) snapshots.push({ map: sorted, wanted: inOrder() })
    }
    t.equal(sorted.size, plain.size)
    for (const { map, wanted } of snapshots) t.same([...map.range('', '~')], wanted)
    const keys = [...plain.keys()].sort()
    const [from = '', to = ''] = [keys[100], keys[300]]
    t.equal([...sorted.range(from, to)].length, 200)
    t.equal(sorted.count(from, to), 200)
    t.equal(sorted.count(`${from}\0`, to), 199)
    t.same(
      [...SortedMap.from(keys.map((key, index) => [key, index] as const)).range('', '~')],
      keys.map((_, index) => index),
    )
    t.same([...SortedMap.empty().range('', '~')], [])
  },
)

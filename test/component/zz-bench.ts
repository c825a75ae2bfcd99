import { startApi, connectRaw } from './api-fixture.ts'
const f = await startApi({})
const c = connectRaw(f)
await c.send('POST','/api/v1/namespaces',{metadata:{name:'default'}})
await c.send('POST','/api/v1/namespaces/default/configmaps',{metadata:{name:'g'},data:{x:'y'.repeat(800)}})
console.log(f.url)
let last = process.cpuUsage()
process.stdin.on('data', () => { const n = process.cpuUsage(); console.log('cpu ms', ((n.user-last.user)+(n.system-last.system))/1000, 'mem', (globalThis.gc?.(), JSON.stringify(process.memoryUsage()))); last = n })
process.stdin.on('end', async () => { c.close(); await f.close(); })

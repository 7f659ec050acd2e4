import { fork } from 'node:child_process'; import { once } from 'node:events';
import { startRealDaemon } from '../helpers/real-daemon.ts';
import { connectLines } from './line-client.ts';
import { makeTokens } from './measure-fanout.ts';
const d = await startRealDaemon(process.env.PROF?{through:['/tmp/w/profnode.sh']}:{});
const sock=d.home.socketPath;
const among = await Promise.all([0,1,2,3].map(()=>connectLines(sock)));
const N=+(process.env.SUBS??100);
const child=fork(new URL('./subscribers.mjs',import.meta.url).pathname,[sock,String(N),JSON.stringify({jsonrpc:'2.0',id:1,method:'event.subscribe',params:{types:['auth.*']}})],{execArgv:[]});
await once(child,'message');
let n=0;const r:number[]=[];
for(let i=0;i<25;i++){child.send(1000);const done=once(child,'message');const a=performance.now();const c=Promise.all(among.map(x=>makeTokens(x,250,()=>`b^${n++}`,250)));let ans=0;c.then(()=>{ans=performance.now()-a});await Promise.all([done,c]);r.push(performance.now()-a);if(i===20)console.log('answers after',ans.toFixed(1));}
r.sort((a,b)=>a-b);console.log('ms',r[12]!.toFixed(1),'min',r[0]!.toFixed(1));
child.disconnect();for(const x of among)x.close();if(process.env.PROF){await d.client.daemon.stop().catch(()=>{});await new Promise(r=>setTimeout(r,3000))}await d[Symbol.asyncDispose]();process.exit();

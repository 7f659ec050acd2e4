import { expect, test } from 'vitest';
import { processesIn, scopeArgv, usageOf } from '../../../daemon/tools/scope.ts';

test('a program is started in a scope of the slice, with the bounds that there are and no word of a user', () => {
  const argv = scopeArgv('stp_1', '/run/user/7', {});
  expect(argv.join(' ')).toBe(
    'env XDG_RUNTIME_DIR=/run/user/7 systemd-run --user --scope --quiet --collect --no-ask-password --slice=coppice.slice --description=coppice stp_1 --',
  );
  const bounded = scopeArgv('stp_1', '/run/user/7', { memoryMax: '2G', cpuQuota: '150%' });
  expect(bounded).toEqual([...argv.slice(0, -1), '--property=MemoryMax=2G', '--property=CPUQuota=150%', '--']);
});

test('of a control group that is gone nothing is told', async () => {
  expect(await processesIn('/coppice.slice/run-none.scope')).toEqual([]);
  expect(await usageOf('/coppice.slice/run-none.scope')).toBeUndefined();
});

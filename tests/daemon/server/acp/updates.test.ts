import { expect, test } from 'vitest';
import { configOptionsOf, modesOf, withModel } from '../../../../daemon/server/acp/config-options.ts';
import { planOf, stopReasonOf, updateOfAgent, updateOfStep } from '../../../../daemon/server/acp/updates.ts';
import type { ImplTask } from '../../../../schemas/impl-task.ts';

test('what agents tell is passed on, but for what no editor knows, and for prompts, which are told from the store', () => {
  const chunk = { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: 'x' } };
  expect(updateOfAgent(chunk)).toBe(chunk);
  for (const update of [null, undefined, 7, {}, { sessionUpdate: 'of_a_newer_version' }, { sessionUpdate: 'user_message_chunk' }])
    expect(updateOfAgent(update)).toBeUndefined();
});

test('a turn ends in the words of the protocol, and a requested cancel is a cancel', () => {
  expect(stopReasonOf({ stopReason: 'end_turn', cancelled: true })).toBe('cancelled');
  expect(stopReasonOf({ stopReason: 'max_tokens', cancelled: false })).toBe('max_tokens');
  expect(stopReasonOf({ stopReason: 'of_a_newer_version', cancelled: false })).toBe('end_turn');
});

test('the plan of a spec task leaves out what is obsolete', () => {
  const item = (label: string, status: ImplTask['status'], priority: ImplTask['priority'] = 'medium') =>
    ({ label, title: `Do ${label}`, status, priority }) as ImplTask;
  expect(planOf([item('1', 'completed'), item('2', 'blocked', 'critical'), item('3', 'pending', 'low'), item('4', 'obsolete')])).toEqual({
    sessionUpdate: 'plan',
    entries: [
      { content: '1: Do 1', priority: 'medium', status: 'completed' },
      { content: '2: Do 2', priority: 'high', status: 'in_progress' },
      { content: '3: Do 3', priority: 'low', status: 'pending' },
    ],
  });
});

test('steps are tool calls; the agent itself and the work around it are none', () => {
  const step = { stepRunId: 'stp_1', name: 'build', phase: 'main' };
  expect(updateOfStep('step.started', step)).toMatchObject({ sessionUpdate: 'tool_call', toolCallId: 'stp_1', status: 'in_progress' });
  expect(updateOfStep('step.finished', { ...step, status: 'succeeded' })).toMatchObject({ status: 'completed' });
  expect(updateOfStep('step.finished', { ...step, status: 'failed', error: 'exit 1' })).toMatchObject({
    status: 'failed',
    content: [{ content: { text: 'exit 1' } }],
  });
  for (const other of [
    { ...step, name: 'agent' },
    { ...step, phase: 'lifecycle' },
  ])
    expect(updateOfStep('step.started', other)).toBeUndefined();
  expect(updateOfStep('step.retried', step)).toBeUndefined();
});

test('what can be chosen is the agent, and the models that it offers', () => {
  const models = {
    currentModelId: 'big',
    availableModels: [
      { modelId: 'big', name: 'Big' },
      { modelId: 'small', name: 'Small' },
    ],
  };
  expect(configOptionsOf(['a', 'b'], 'gone', { models: { odd: true } })).toMatchObject([
    { id: 'agent', currentValue: 'gone', options: [{ value: 'gone' }, { value: 'a' }, { value: 'b' }] },
  ]);
  expect(configOptionsOf(['a'], 'a', withModel({ models }, 'small'))[1]).toMatchObject({ id: 'model', currentValue: 'small' });
  expect(withModel({}, 'small')).toEqual({});
  expect(modesOf({ modes: { currentModeId: 'ask', availableModes: [] } })).toMatchObject({ currentModeId: 'ask' });
  expect(modesOf({ modes: null })).toBeUndefined();
});

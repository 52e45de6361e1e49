import { assert, test } from 'vitest';
import { warmUp } from '../../../adapters/aws-lambda/warm-up.ts';
import { warmUpAnswer } from '../../../adapters/aws-lambda/warm-up-answer.ts';
import { collectConsole } from './process.ts';

test('the made-up request of init is let in, so that all of a decision is run, and nothing is told', async () => {
  const lines = await collectConsole(async () => {
    const result = await warmUp();
    assert.deepNestedInclude(result, { type: 'allow', 'identity.subject': 'a' });
    assert.include(await warmUpAnswer(), { isAuthorized: true });
  });
  assert.deepEqual(lines, []);
});

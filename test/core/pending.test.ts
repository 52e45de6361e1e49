import { assert, describe, test } from 'vitest';
import { collectPending } from '../../core/adapter.ts';

describe('what an answer must wait for', () => {
  test('is all that is pending, and one that rejects ends it neither early nor with an error', async () => {
    const { waitUntil, settle } = collectPending();
    const order: string[] = [];
    let end = () => {};
    const begun = new Promise<void>((resolve) => {
      end = resolve;
    });
    const work = async () => {
      await begun;
      for (let step = 0; step < 50; step += 1) await undefined;
      order.push('work');
    };
    waitUntil(Promise.reject(new Error('a refresh that failed')));
    waitUntil(work());
    const settled = settle().then(() => order.push('answer'));
    end();
    await settled;
    assert.deepEqual(order, ['work', 'answer']);
  });

  test('is no longer than the limit, in milliseconds', async () => {
    const { waitUntil, settle } = collectPending({ limit: 1 });
    waitUntil(new Promise(() => {}));
    assert.isUndefined(await settle());
  });

  test('is nothing where nothing is pending', async () => {
    assert.isUndefined(await collectPending({ limit: 3_600_000 }).settle());
  });
});

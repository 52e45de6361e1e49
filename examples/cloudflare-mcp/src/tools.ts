import { compilePolicy, type Identity } from 'pomerium-edge';
import { z } from 'zod';

const RESTARTERS = compilePolicy({ allow: { or: [{ groups: 'admins' }] } });

export const whoami = {
  config: { description: 'Says who you are' },
  run: (identity: Identity) => answer(identity.email ?? identity.subject),
};

export const restart = {
  config: { description: 'Restarts a service', inputSchema: z.object({ service: z.string() }) },
  run(identity: Identity, { service }: { service: string }) {
    if (RESTARTERS.decide({ identity }).allowed) return answer(`${service} restarts.`);
    return { ...answer('Only admins restart services.'), isError: true };
  },
};

function answer(text: string) {
  return { content: [{ type: 'text' as const, text }] };
}

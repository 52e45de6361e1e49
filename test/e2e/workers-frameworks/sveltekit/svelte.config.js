import adapter from '@sveltejs/adapter-cloudflare';

export default {
  kit: {
    adapter: adapter({ config: 'wrangler.sveltekit.jsonc' }),
    // Where forms are sent from: Pomerium's host, and pomerium-edge dev.
    csrf: { trustedOrigins: ['https://app.corp.example.com', 'http://localhost:8000'] },
  },
};

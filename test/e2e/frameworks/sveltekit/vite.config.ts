import adapter from '@sveltejs/adapter-node';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

export default defineConfig({
  // Where forms are sent from: Pomerium's host.
  plugins: [sveltekit({ adapter: adapter(), paths: { origin: 'https://app.corp.example.com' } })],
});

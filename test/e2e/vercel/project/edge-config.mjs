import { edgeConfigStore } from 'pomerium-edge/vercel';

edgeConfigStore()
  .getItem('a')
  .catch(({ message }) => console.log(message));

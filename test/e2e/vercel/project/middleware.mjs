import { createMiddleware } from 'pomerium-edge/vercel';

createMiddleware({ audience: 'app.corp.example.com', log: false })(new Request('https://app.test/')).then(
  ({ status }) => console.log(status),
);

import Koa from 'koa';
import { pomerium } from 'pomerium-edge/node';

const app = new Koa();
app.use(pomerium());
app.use((ctx) => {
  ctx.body = `Hello ${ctx.req.identity?.email}`;
});

app.listen(process.env['PORT']);

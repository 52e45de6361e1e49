import Koa from 'koa';
import { pomerium } from 'pomerium-edge/node';

const gate = pomerium();
const app = new Koa();
app.use((ctx, next) => gate(ctx.req, ctx.res, next));
app.use((ctx) => {
  ctx.body = `Hello ${ctx.req.identity?.email}`;
});

app.listen(process.env['PORT']);

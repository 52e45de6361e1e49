import { defineEventHandler } from 'h3';
import type {} from 'pomerium-edge/node'; // declares req.identity

export default defineEventHandler((event) => `<h1>Hello ${event.node.req.identity?.email}</h1>`);

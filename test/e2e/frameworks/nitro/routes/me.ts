import { defineEventHandler } from 'h3';
import { identityOf } from '../utils/identity';

export default defineEventHandler(async (event) => (await identityOf(event)).email);

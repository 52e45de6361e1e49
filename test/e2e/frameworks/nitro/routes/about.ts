import { defineEventHandler } from 'h3';

export default defineEventHandler(() => '<h1>About us</h1>');

import { watchOutput } from './output.ts';
import { runProgram } from './program.ts';

watchOutput();
await runProgram(process.argv.slice(2));

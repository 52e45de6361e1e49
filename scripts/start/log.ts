import { openSync, writeSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { ROOT } from '../run.ts';

/** Where what the services print goes, so that it does not bury the table and the URLs. */
export interface Log {
  /** Its name, as one writes it in the current folder. */
  readonly name: string;
  /** What takes the output of this service: each of its lines is written with the service's name before it. */
  from(service: string): (output: string) => void;
}

/** A new log in place of that of the last start. */
export function openLog(file = `${ROOT}start.log`): Log {
  const descriptor = openSync(file, 'w');
  return {
    name: relative(process.cwd(), file),
    from: (service) => (output) => {
      const lines = stripVTControlCharacters(output)
        .split('\n')
        .filter((line) => line.trim() !== '');
      for (const line of lines) writeSync(descriptor, `${service}: ${line}\n`);
    },
  };
}

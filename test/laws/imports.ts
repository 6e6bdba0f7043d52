// The import law: web -> shared, fuse -> shared, server -> shared, nothing else between the rooms; test may import
// anything. Besides, the server starts no process itself. A room in which nothing was read is a failure, because a checker that reads nothing finds nothing.
// node test/laws/imports.ts [ROOT]
import { resolve } from 'node:path';
import type { ICruiseResult, IForbiddenRuleType } from 'dependency-cruiser';
import { cruise } from 'dependency-cruiser';

const ROOMS = ['shared', 'fuse', 'server', 'web'];

/** Nothing but the room itself, `shared`, and packages may be imported by a room. */
const forbidden: IForbiddenRuleType[] = ROOMS.map((room) => ({
  name: `${room} imports only itself, shared and packages`,
  severity: 'error',
  from: { path: `^${room}/` },
  to: { path: `^(${[...ROOMS, 'test'].join('|')})/`, pathNot: `^(${room}|shared)/` },
}));

/** What may start a process of its own: commands, and whatever holds no files on disks that may hang. */
const STARTERS = '^server/(cli|testing|setup|probe)/|^server/launch/|^server/process/open-page[.]ts$';
forbidden.push({
  name: 'the server starts processes through its launcher',
  severity: 'error',
  from: { path: '^server/', pathNot: STARTERS },
  to: { path: '^(node:)?child_process$' },
});

export interface Verdict {
  modules: number;
  /** One sentence each; empty when the law is kept. */
  violations: string[];
}

export async function checkImports(root: string): Promise<Verdict> {
  const { output } = await cruise(ROOMS, {
    baseDir: root,
    validate: true,
    ruleSet: { forbidden },
    // TypeScript 7 has no compiler API yet, with which dependency-cruiser reads nothing and says nothing.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
  });
  const { modules, summary } = output as ICruiseResult;
  const violations = summary.violations.map((one) => `${one.from} -> ${one.to}: ${one.rule.name}`);
  for (const room of ROOMS) {
    const read = modules.filter((one) => one.source.startsWith(`${room}/`));
    if (read.length === 0) violations.push(`nothing was read in ${room}/`);
    else if (read.every((one) => one.dependencies.length === 0))
      violations.push(`no import was seen in ${room}/`);
  }
  return { modules: modules.length, violations };
}

if (import.meta.main) {
  const { modules, violations } = await checkImports(resolve(process.argv[2] ?? '.'));
  for (const violation of violations) console.error(violation);
  console.log(`import law: ${modules} modules, ${violations.length} violations`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}

// A run as a JUnit XML file (the dialect that CI systems read): the command and each limit is one test case.
import type { Verdict } from './budget.ts';

/** @param seconds how long the command took. */
export function junitXml(command: string, verdicts: readonly Verdict[], seconds: number): string {
  const failures = verdicts.filter(({ ok }) => !ok).length;
  const cases = verdicts.map(({ name, ok, text }) => {
    const head = `    <testcase classname="fusescope run" name="${xml(name)}"`;
    return ok ? `${head}/>` : `${head}>\n      <failure message="${xml(text)}"/>\n    </testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${verdicts.length}" failures="${failures}" time="${seconds.toFixed(3)}">`,
    `  <testsuite name="${xml(command)}" tests="${verdicts.length}" failures="${failures}" time="${seconds.toFixed(3)}">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** Text for an attribute; characters that XML 1.0 has no way to write become a replacement character. */
function xml(text: string): string {
  const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to be replaced.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
      .replace(/[&<>"]/g, (char) => ESCAPES[char] ?? char)
      .replace(/[\t\n\r]/g, (char) => `&#${char.charCodeAt(0)};`)
  );
}

// Copying: the button itself says that it worked, and a screen reader hears it.
import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import './command.css';

const SHOWN_MS = 1_600;

/** Puts text on the clipboard. @returns whether the browser allowed it */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** Without a secure context (http to another host) there is no clipboard API, but there is this. */
function copyBySelection(text: string): boolean {
  const field = document.createElement('textarea');
  field.value = text;
  field.style.cssText = 'position:fixed;opacity:0';
  document.body.append(field);
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  return done;
}

interface CopyButtonProps {
  text: string;
  label?: string;
  /** What is copied, for those who do not see what the button stands beside. */
  what: string;
}

/** A small button that copies `text`. */
export function CopyButton({ text, label = 'Copy', what }: CopyButtonProps) {
  const [result, setResult] = useState<'done' | 'refused' | null>(null);
  useEffect(() => {
    if (result === null) return;
    const timer = setTimeout(() => setResult(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [result]);
  return (
    <button
      type="button"
      className="btn sm ghost"
      aria-label={`${label} ${what}`}
      onClick={async () => setResult((await copyText(text)) ? 'done' : 'refused')}
    >
      {result === 'done' ? <Check className="ic" aria-hidden /> : <Copy className="ic" aria-hidden />}
      <span aria-live="polite">
        {result === 'done' ? 'Copied' : result === 'refused' ? 'Not allowed' : label}
      </span>
    </button>
  );
}

/** A command to run in a terminal. */
export function Command({ command }: { command: string }) {
  return (
    <div className="cmdl">
      <code>{command}</code>
      <CopyButton text={command} what="the command" />
    </div>
  );
}

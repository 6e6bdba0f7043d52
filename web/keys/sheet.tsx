// The `?` sheet: every key that works right now, by layer.
import { Dialog } from 'radix-ui';
import { useStore } from 'zustand';
import { keyLayers, topmostFirst } from './keys.ts';
import './sheet.css';

export function KeySheet({ open, onClose }: { open: boolean; onClose: () => void }) {
  const layers = useStore(keyLayers, (state) => state.layers);
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="veil" />
        <Dialog.Content className="sheet" aria-describedby={undefined}>
          <Dialog.Title className="sheet-title">Keys</Dialog.Title>
          <div className="sheet-cols">
            {topmostFirst(layers).map((layer) => (
              <section key={layer.name} aria-label={layer.name}>
                <h3>{layer.name}</h3>
                <dl>
                  {layer.actions.map((action) => (
                    <div key={action.label}>
                      <dt>
                        <kbd>{action.shownAs ?? action.keys.join(' ')}</kbd>
                      </dt>
                      <dd>{action.label}</dd>
                    </div>
                  ))}
                </dl>
              </section>
            ))}
          </div>
          <Dialog.Close className="btn sm">
            Close <kbd>Esc</kbd>
          </Dialog.Close>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

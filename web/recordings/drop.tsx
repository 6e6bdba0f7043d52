// Files dropped anywhere on the page are imported; without this the browser would leave the page for them.
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { addUploads } from './uploads.ts';
import './drop.css';

export function DropTarget() {
  const [, navigate] = useLocation();
  const [over, setOver] = useState(false);
  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const onOver = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const onLeave = (event: DragEvent) => {
      // Null: the pointer has left the window, not merely one element for another.
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      addUploads(event.dataTransfer?.files ?? []);
      navigate('/recordings');
    };
    window.addEventListener('dragover', onOver);
    window.addEventListener('dragleave', onLeave);
    window.addEventListener('drop', onDrop);
    return () => {
      window.removeEventListener('dragover', onOver);
      window.removeEventListener('dragleave', onLeave);
      window.removeEventListener('drop', onDrop);
    };
  }, [navigate]);
  if (!over) return null;
  return (
    <div className="drop-veil" aria-hidden="true">
      <p>Drop logs or recordings to import them</p>
    </div>
  );
}

// A view that cannot be drawn must not take the others with it; a part of the page that cannot be loaded any more
// (the server was updated) needs a reload.
import { Component, type ReactNode } from 'react';

interface BoundaryProps {
  /** Changes with the view, so that going elsewhere tries anew. */
  view: string;
  children: ReactNode;
}

export class Boundary extends Component<BoundaryProps, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidUpdate(before: BoundaryProps): void {
    if (before.view !== this.props.view && this.state.error) this.setState({ error: null });
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <p className="problem" role="alert">
        <b>This view cannot be shown: {error.message}</b>
        <button type="button" className="btn sm" onClick={() => location.reload()}>
          Load the page again
        </button>
      </p>
    );
  }
}

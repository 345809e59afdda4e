/** The net below all pages: when drawing fails, the page says so instead of going white. Trading does not depend on it. */
import { Component } from 'react';
import type { ErrorInfo, ReactNode } from 'react';
import { Button } from '@mantine/core';
import { Logo } from '../frame/logo.tsx';
import { DiagnosticsButton } from '../shell/diagnostics-button.tsx';

type State = { readonly error: Error | null };

/** Shows its children until one of them cannot be drawn. */
export class Stumble extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidCatch(error: unknown, info: ErrorInfo): void {
    console.error('The page could not be drawn', error, info.componentStack);
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    return (
      <div className="locked" role="alert">
        <Logo size={40} />
        <h1>This page stumbled</h1>
        <p>It met an error of its own and cannot be shown. Whatever was running goes on: orders, risk and books do not depend on the page.</p>
        <code className="muted">{this.state.error.message}</code>
        <Button onClick={() => location.reload()}>Show it again</Button>
        <DiagnosticsButton />
      </div>
    );
  }
}

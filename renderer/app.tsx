/** The dashboard: sign-in, live connection, look, and the pages. */
import { useEffect, useState } from 'react';
import type { JSX } from 'react';
import { Button, Loader, MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createRootRoute, createRoute, createRouter, Outlet, redirect, RouterProvider } from '@tanstack/react-router';
import type { SessionView } from '#app/contracts/views.ts';
import { call, ClientError, setToken } from './data/client.ts';
import { createStore, useStore } from './data/external-store.ts';
import { connectLive } from './data/live.ts';
import { adoptUiState, setUiState, uiState, useUiState } from './data/ui-state.ts';
import { Frame } from './frame/frame.tsx';
import { Logo } from './frame/logo.tsx';
import { HealthPage } from './health/health-page.tsx';
import { PortfolioPage } from './pages/portfolio/portfolio-page.tsx';
import { Failure } from './ui/kit.tsx';
import { theme, variablesFor } from './theme.ts';

const client = new QueryClient({
  defaultOptions: { queries: { staleTime: 5_000, retry: (failures, error) => failures < 2 && error instanceof ClientError && (error.status === 0 || error.status >= 500), refetchOnWindowFocus: false } },
});
const session = createStore<SessionView | null>(null);

const rootRoute = createRootRoute({ component: FramedOutlet });
const routes = [
  createRoute({ getParentRoute: () => rootRoute, path: '/', beforeLoad: () => { throw redirect({ to: uiState().page }) as unknown as Error; } }),
  createRoute({ getParentRoute: () => rootRoute, path: '/portfolio', component: PortfolioPage }),
  createRoute({ getParentRoute: () => rootRoute, path: '/health', component: HealthPage }),
];
const router = createRouter({ routeTree: rootRoute.addChildren(routes), defaultNotFoundComponent: () => <p className="muted">There is no such page. Press Ctrl K to go somewhere else.</p> });
router.subscribe('onResolved', ({ toLocation }) => {
  const page = toLocation.pathname;
  if (page === '/portfolio' || page === '/health') setUiState({ page });
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

function FramedOutlet(): JSX.Element {
  const mode = useStore(session)?.mode ?? 'demo';
  return <Frame mode={mode}><Outlet /></Frame>;
}

/** What a browser without a login sees. */
function Locked({ isSpent }: { isSpent: boolean }): JSX.Element {
  return (
    <div className="locked">
      <Logo size={40} />
      <h1>{isSpent ? 'This link was used already' : 'Please sign in'}</h1>
      <p>Mainspring prints a one-time link when it starts. Open that link in this browser; it signs you in for two weeks.</p>
      <p className="muted">A browser that is signed in can make a new link: the menu at the top right, “Copy a link for another browser”. Each start prints one too.</p>
    </div>
  );
}

/** Signs in, then shows the pages; without a login says how to get one. */
function SignedIn(): JSX.Element {
  const known = useStore(session);
  const [failure, setFailure] = useState<unknown>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    let end = (): void => undefined;
    call('session', {}).then((view) => {
      if (!isCurrent) return;
      setToken(view.token);
      adoptUiState(view.uiState);
      session.set(view);
      setFailure(null);
      end = connectLive(client, () => setAttempt((now) => now + 1));
    }).catch((error: unknown) => {
      if (!isCurrent) return;
      setFailure(error);
      // The gateway may just be starting: look again by ourselves, unless it said that we are not signed in.
      if (error instanceof ClientError && error.status !== 401) setTimeout(() => setAttempt((now) => now + 1), 2_000);
    });
    return () => {
      isCurrent = false;
      end();
    };
  }, [attempt]);
  if (failure instanceof ClientError && failure.status === 401) return <Locked isSpent={location.search.includes('login=spent')} />;
  if (known) return <RouterProvider router={router} />;
  return <div className="locked">{failure === null ? <Loader size="sm" /> : <><Failure error={failure} /><Button variant="default" onClick={() => setAttempt((now) => now + 1)}>Try again</Button></>}</div>;
}

/** Everything. */
export function App(): JSX.Element {
  const palette = useUiState('palette');
  const scheme = uiState().scheme;
  return (
    <MantineProvider theme={theme} defaultColorScheme={scheme === 'system' ? 'auto' : scheme} cssVariablesResolver={variablesFor(palette)}>
      <QueryClientProvider client={client}>
        <SignedIn />
      </QueryClientProvider>
    </MantineProvider>
  );
}

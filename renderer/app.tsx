/** The dashboard: sign-in, live connection, look, and the pages. */
import { useEffect } from 'react';
import type { JSX } from 'react';
import { Button, Loader, MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createRootRoute, createRoute, createRouter, Outlet, redirect, RouterProvider } from '@tanstack/react-router';
import { ClientError, mayPass } from './data/client.ts';
import { useSession, useSignIn } from './data/session.ts';
import { useMode } from './data/stack.ts';
import { setUiState, uiState, useUiState } from './data/ui-state.ts';
import { Frame } from './frame/frame.tsx';
import { Logo } from './frame/logo.tsx';
import { isPagePath } from './frame/pages.ts';
import type { PagePath } from './frame/pages.ts';
import { HealthPage } from './health/health-page.tsx';
import { readAnalysisSearch } from './pages/analysis/address.ts';
import { AnalysisPage } from './pages/analysis/analysis-page.tsx';
import { readAuthorSearch } from './pages/author/address.ts';
import { AuthorPage } from './pages/author/author-page.tsx';
import { loadEditor } from './pages/author/editor/lazy.tsx';
import { readDataSearch } from './pages/data/address.ts';
import { DataPage } from './pages/data/data-page.tsx';
import { readFlowsSearch } from './pages/flows/address.ts';
import { FlowsPage } from './pages/flows/flows-page.tsx';
import { readLogsSearch } from './pages/logs/address.ts';
import { LogsPage } from './pages/logs/logs-page.tsx';
import { PortfolioPage } from './pages/portfolio/portfolio-page.tsx';
import { readScreenerSearch } from './pages/screener/address.ts';
import { ScreenerPage } from './pages/screener/screener-page.tsx';
import { readSettingsSearch } from './pages/settings/address.ts';
import { SettingsPage } from './pages/settings/settings-page.tsx';
import { hasShell } from './shell/bridge.ts';
import { DesktopWindow } from './shell/window.tsx';
import { Failure } from './ui/kit.tsx';
import { Stumble } from './ui/stumble.tsx';
import { theme, variablesFor } from './theme.ts';

const client = new QueryClient({
  defaultOptions: { queries: { staleTime: 5_000, retry: (failures, error) => failures < 2 && mayPass(error), refetchOnWindowFocus: false } },
});

const rootRoute = createRootRoute({ component: FramedOutlet });
const routes = [
  createRoute({ getParentRoute: () => rootRoute, path: '/', beforeLoad: () => { throw redirect({ to: uiState().page }) as unknown as Error; } }),
  createRoute({ getParentRoute: () => rootRoute, path: '/portfolio', component: PortfolioPage }),
  createRoute({ getParentRoute: () => rootRoute, path: '/analysis', component: AnalysisPage, validateSearch: readAnalysisSearch }),
  createRoute({ getParentRoute: () => rootRoute, path: '/screener', component: ScreenerPage, validateSearch: readScreenerSearch }),
  createRoute({ getParentRoute: () => rootRoute, path: '/author', component: AuthorPage, validateSearch: readAuthorSearch, loader: loadEditor }),
  createRoute({ getParentRoute: () => rootRoute, path: '/data', component: DataPage, validateSearch: readDataSearch }),
  createRoute({ getParentRoute: () => rootRoute, path: '/flows', component: FlowsPage, validateSearch: readFlowsSearch }),
  createRoute({ getParentRoute: () => rootRoute, path: '/logs', component: LogsPage, validateSearch: readLogsSearch }),
  createRoute({ getParentRoute: () => rootRoute, path: '/settings', component: SettingsPage, validateSearch: readSettingsSearch }),
  createRoute({ getParentRoute: () => rootRoute, path: '/health', component: HealthPage }),
];
const router = createRouter({ routeTree: rootRoute.addChildren(routes), defaultNotFoundComponent: () => <p className="muted">There is no such page. Press Ctrl K to go somewhere else.</p> });
router.subscribe('onResolved', ({ toLocation }) => {
  const page = toLocation.pathname;
  if (isPagePath(page)) setUiState({ page });
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

function FramedOutlet(): JSX.Element {
  return <Frame mode={useMode()}><Outlet /></Frame>;
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

/** In a browser: signs in, then shows the pages; without a login says how to get one. */
function Browser(): JSX.Element {
  const known = useSession();
  const { failure, retry } = useSignIn(client);
  if (failure instanceof ClientError && failure.status === 401) return <Locked isSpent={location.search.includes('login=spent')} />;
  if (known) return <RouterProvider router={router} />;
  return <div className="locked">{failure === null ? <Loader size="sm" /> : <><Failure error={failure} /><Button variant="default" onClick={retry}>Try again</Button></>}</div>;
}

function goTo(path: PagePath): void {
  void router.navigate({ to: path });
}

/** Everything. */
export function App(): JSX.Element {
  const palette = useUiState('palette');
  const density = useUiState('density');
  // Numbers and times that are drawn already are drawn again.
  const formats = `${useUiState('numbers')} ${useUiState('zone')}`;
  useEffect(() => {
    document.documentElement.dataset['density'] = density;
  }, [density]);
  const scheme = uiState().scheme;
  return (
    <MantineProvider theme={theme} defaultColorScheme={scheme === 'system' ? 'auto' : scheme} cssVariablesResolver={variablesFor(palette)}>
      <QueryClientProvider client={client}>
        <Stumble key={formats}>
          {hasShell ? <DesktopWindow client={client} go={goTo}><RouterProvider router={router} /></DesktopWindow> : <Browser />}
        </Stumble>
      </QueryClientProvider>
    </MantineProvider>
  );
}

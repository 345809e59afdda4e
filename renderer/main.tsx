/** Where the dashboard begins. */
import './data/zod-settings.ts';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '@fontsource-variable/inter/wght.css';
import '@fontsource/jetbrains-mono/latin-400.css';
import '@mantine/core/styles.css';
import './styles/base.css';
import './styles/frame.css';
import './styles/kit.css';
import './styles/pages.css';
import './styles/logs.css';
import './styles/shell.css';
import './styles/application.css';
import './styles/flows.css';
import './styles/reports.css';
import './styles/orders.css';
import './styles/ticket.css';
import './styles/analysis.css';
import './styles/why.css';
import './styles/stats.css';
import './styles/data.css';
import './styles/screener.css';
import { App } from './app.tsx';

const root = document.getElementById('root');
if (!root) throw new Error('The page has no root element');
createRoot(root).render(<StrictMode><App /></StrictMode>);

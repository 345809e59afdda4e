/** Must be imported before any schema is used: zod's faster path writes code at run time, which the page's policy forbids. */
import * as z from 'zod';

z.config({ jitless: true });

/** Who the application is to Windows; the installer says the same. */

/** The name under which Windows knows the application: of its shortcut, its notifications, its start with the system. */
export const APP_ID = 'app.mainspring.desktop';

/**
 * The class that Windows starts when somebody clicks on a notification whose application has ended; the shortcuts carry it. Without a fixed
 * one Electron invents another at each start.
 */
export const TOAST_ACTIVATOR_CLSID = '{6B1D0C5E-3F7A-4E57-9C1B-2A9D4E8F7B36}';

/** Shows announcements with the system's own notifications; a click leads into the window. */
import type { Notification, NotificationConstructorOptions } from 'electron';
import type { Announcement } from './notify.ts';

/** Notifications that may stand at a time; the oldest goes. An object that nobody holds would lose its click. */
const SHOWN_MAX = 10;

/** What of Electron is used. */
export type NotificationParts = {
  readonly isSupported: () => boolean;
  readonly create: (options: NotificationConstructorOptions) => Pick<Notification, 'show' | 'close' | 'on'>;
  readonly open: (to: Announcement['to']) => void;
};

/** Returns the function that shows one. */
export function notificationShower({ isSupported, create, open }: NotificationParts): (announcement: Announcement) => void {
  const shown = new Set<Pick<Notification, 'close'>>();
  return ({ title, body, to }) => {
    if (!isSupported()) return;
    const notification = create({ title, body });
    shown.add(notification);
    notification.on('click', () => {
      shown.delete(notification);
      open(to);
    });
    notification.on('close', () => shown.delete(notification));
    notification.show();
    for (const oldest of shown) {
      if (shown.size <= SHOWN_MAX) break;
      shown.delete(oldest);
      oldest.close();
    }
  };
}

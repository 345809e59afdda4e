/** The shell's own questions and messages: native, attached to the window where there is one to see. */
import type { BrowserWindow, Dialog, MessageBoxOptions } from 'electron';
import type { StopQuestion } from './quit.ts';

/** The questions and messages of the shell. */
export type Dialogs = {
  /** Stop although orders are open? The safe answer is the default one. */
  askToStop(question: StopQuestion, verb: 'Quit' | 'Stop' | 'Cancel' | 'Close'): Promise<boolean>;
  /** Says something that needs to be read. */
  tell(message: string, detail: string, type?: 'info' | 'warning' | 'error'): Promise<void>;
  /** Where to save a file; null = the person changed their mind. */
  askWhereToSave(name: string): Promise<string | null>;
};

/** Opens native dialogs. `window` is null as long as there is none. */
export function openDialogs(dialog: Pick<Dialog, 'showMessageBox' | 'showSaveDialog'>, window: () => BrowserWindow | null): Dialogs {
  const visible = (): BrowserWindow | null => {
    const own = window();
    return own !== null && !own.isDestroyed() && own.isVisible() ? own : null;
  };
  const box = (options: MessageBoxOptions): Promise<number> => {
    const own = visible();
    const whole: MessageBoxOptions = { title: 'Mainspring', noLink: true, ...options };
    return (own === null ? dialog.showMessageBox(whole) : dialog.showMessageBox(own, whole)).then(({ response }) => response);
  };
  return {
    askToStop: async (question, verb) => (await box({ type: 'warning', ...question, buttons: verb === 'Quit' || verb === 'Stop' ? [`${verb} anyway`, 'Keep running'] : [`${verb} all`, 'Leave everything as it is'], defaultId: 1, cancelId: 1 })) === 0,
    tell: async (message, detail, type = 'info') => {
      await box({ type, message, detail, buttons: ['OK'], defaultId: 0, cancelId: 0 });
    },
    askWhereToSave: async (name) => {
      const own = visible();
      const options = { title: 'Save diagnostics', defaultPath: name, filters: [{ name: 'Zip archive', extensions: ['zip'] }] };
      const { canceled, filePath } = await (own === null ? dialog.showSaveDialog(options) : dialog.showSaveDialog(own, options));
      return canceled || filePath === '' ? null : filePath;
    },
  };
}

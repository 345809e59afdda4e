/** What the probe in the main process tells and takes (`probe.cjs`). */

/** One item of a menu. */
export type MenuNode = {
  readonly id: string | null; readonly label: string; readonly type: string; readonly role: string | null; readonly enabled: boolean; readonly visible: boolean;
  readonly checked: boolean; readonly accelerator: string | null; readonly sublabel: string | null; readonly submenu: readonly MenuNode[] | null;
};

/** A window, seen from the desktop. */
export type WindowFacts = {
  readonly id: number; readonly title: string; readonly isVisible: boolean; readonly isFocused: boolean; readonly isMaximized: boolean; readonly isMinimized: boolean;
  readonly bounds: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly url: string; readonly webPreferences: Readonly<Record<string, unknown>>;
};

/** Everything that can be seen at once. `tray.image` is the picture's file. */
export type Snapshot = {
  readonly tray: { readonly tooltip: string; readonly image: string | null; readonly menu: readonly MenuNode[] } | null;
  readonly menu: readonly MenuNode[];
  readonly windows: readonly WindowFacts[];
  readonly notifications: readonly { readonly title: string; readonly body: string }[];
  readonly dialogs: readonly { readonly method: string; readonly options: { readonly title?: string; readonly message?: string; readonly detail?: string; readonly buttons?: readonly string[]; readonly checkboxLabel?: string } }[];
  readonly opened: readonly { readonly method: string; readonly target: string }[];
  readonly crashOptions: { readonly uploadToServer?: boolean; readonly submitURL?: string } | null;
  readonly opensAtLogin: boolean;
  readonly channels: readonly string[];
  readonly isPackaged: boolean;
};

/** A frame that somebody pretends to be; `main` is the real one. */
export type ForgedFrame = 'main' | null | { readonly url: string; readonly origin: string; readonly frameToken?: string; readonly parent?: Readonly<Record<string, unknown>> };

/** Commands: their input and what they give. */
export type ProbeCommands = {
  snapshot: [Record<string, never>, Snapshot];
  chooseTray: [{ item: string }, null];
  chooseMenu: [{ item: string }, null];
  clickTray: [Record<string, never>, null];
  clickNotification: [{ index: number }, null];
  answer: [{ method: 'showMessageBox' | 'showSaveDialog'; result: unknown }, null];
  forgetAnswers: [Record<string, never>, null];
  power: [{ event: 'suspend' | 'resume' | 'shutdown' }, null];
  endSession: [Record<string, never>, boolean];
  closeWindow: [Record<string, never>, null];
  setBounds: [{ bounds: { x?: number; y?: number; width?: number; height?: number } }, null];
  maximize: [Record<string, never>, null];
  askPermission: [{ name: string }, { request: boolean | null; check: boolean | null; device: boolean | null }];
  attachWebview: [Record<string, never>, boolean];
  forge: [{ channel: string; args: readonly unknown[]; frame: ForgedFrame; isOtherWindow?: boolean }, { answer?: unknown; thrown?: string }];
  quit: [Record<string, never>, null];
};

/** The name of a command. */
export type ProbeName = keyof ProbeCommands;

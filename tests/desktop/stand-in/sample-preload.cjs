/** The sample's bridge. */
const { contextBridge, ipcRenderer } = require('electron');

contextBridge.exposeInMainWorld('sample', {
  echo: (value) => ipcRenderer.invoke('sample:echo', value),
  ask: (channel, value) => ipcRenderer.invoke(channel, value),
  onTold: (listener) => {
    ipcRenderer.on('sample:told', (_event, payload) => listener(payload));
  },
});

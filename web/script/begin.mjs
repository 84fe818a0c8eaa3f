// SPDX-License-Identifier: AGPL-3.0-or-later
//
// How a page with a worker begins: by the attributes of its script's element (docs/SEALING.md, section 1).

/** The page loads nothing but the worker by its script, and that from this one address. */
function workerURL(address, only) {
  const check = (one) => {
    if (one !== only) throw new TypeError('not the worker');
    return one;
  };
  const policy = self.trustedTypes ? self.trustedTypes.createPolicy('amana', { createScriptURL: check }) : { createScriptURL: check };
  return policy.createScriptURL(address);
}

/**
 * When the page has loaded: fetches sealing.json, starts the worker, and is done when that is ready. Throws when anything is missing.
 *
 *   data                     the element's: { worker, sealing }
 *   only                     the one address that a worker may have
 *   saving                   whether the browser saves data
 *   ready(message, worker, sealing), hear(message)   what the worker says first, and after that
 *   lost()                   the worker failed
 */
export async function begin({ worker: address, sealing: from }, only, saving, { ready, hear, lost }) {
  if (document.readyState !== 'complete') await new Promise((resolve) => { addEventListener('load', resolve); });
  const response = await fetch(from);
  const sealing = await response.json();
  if (!response.ok || sealing.v !== 1) throw new TypeError('another sealing.json');
  const worker = new Worker(workerURL(address, only));
  addEventListener('pagehide', () => worker.terminate());
  await new Promise((resolve, reject) => {
    worker.addEventListener('error', () => {
      reject(new Error('no worker'));
      lost();
    });
    worker.addEventListener('message', ({ data }) => {
      if (data.say !== 'ready') { hear(data); return; }
      ready(data, worker, sealing);
      resolve();
    });
    worker.postMessage({ do: 'start', sealing, saving });
  });
}

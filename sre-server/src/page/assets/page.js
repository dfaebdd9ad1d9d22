'use strict';

// Keeps the page fresh: fetches the same address again and puts the new content in place of the old.
// Without this script the page works as it stands. The answer is parsed by the browser as a document
// of its own, in which nothing runs; no text is ever turned into markup here.
(() => {
  const PERIOD_MS = 10000;
  const TIMEOUT_MS = 8000;
  const FRESH = ['seen', 'main', 'foot'];

  const lost = document.getElementById('lost');
  const seen = document.getElementById('seen');
  if (!lost || !seen) return;

  let timer = 0;
  let request = null;
  seen.classList.add('live');

  const later = (delay) => {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(refresh, delay);
  };

  // Somebody who types, or reads with the mouse, is not to lose their place.
  const isBusy = () => {
    const active = document.activeElement;
    const isTyping = active && active.closest('main') && active.matches('input, select, textarea');
    return Boolean(isTyping) || !document.getSelection().isCollapsed;
  };

  const loseContact = () => {
    const last = document.getElementById('seen').textContent.replace('As of', 'Last seen');
    const text = `${last}; trying again.`;
    // Said once, however often it fails.
    if (lost.textContent !== text) lost.textContent = text;
    document.getElementById('seen').classList.remove('live');
  };

  // Where the focus was, as far as the new content has the same place.
  const place = () => {
    const active = document.activeElement;
    if (!active || !active.closest('main, footer')) return null;
    if (active.id) return `#${CSS.escape(active.id)}`;
    const href = active.getAttribute('href');
    return href ? `a[href="${CSS.escape(href)}"]` : null;
  };

  const show = (fresh) => {
    const focus = place();
    for (const id of FRESH) {
      const [now, then] = [fresh.getElementById(id), document.getElementById(id)];
      if (now && then) then.replaceWith(document.adoptNode(now));
    }
    document.getElementById('seen').classList.add('live');
    document.title = fresh.title;
    lost.textContent = '';
    if (focus) document.querySelector(focus)?.focus({ preventScroll: true });
  };

  const onload = () => {
    const fresh = request.response;
    if (request.status === 200 && fresh && fresh.getElementById('seen')) {
      show(fresh);
    } else if (request.status === 200 || request.status === 404) {
      // Another page came: the login, for one. The browser goes there itself.
      location.reload();
    } else {
      loseContact();
    }
  };

  const refresh = () => {
    if (request) return;
    if (isBusy()) {
      later(PERIOD_MS / 5);
      return;
    }
    request = new XMLHttpRequest();
    request.open('GET', location.pathname + location.search);
    request.responseType = 'document';
    request.timeout = TIMEOUT_MS;
    request.onload = onload;
    request.onerror = loseContact;
    request.ontimeout = loseContact;
    request.onloadend = () => {
      request = null;
      later(PERIOD_MS);
    };
    request.send();
  };

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) clearTimeout(timer);
    else refresh();
  });
  later(PERIOD_MS);
})();

'use strict';

const byId = id => document.getElementById(id);
const form = byId('upload'), file = byId('file'), status = byId('status'), answer = byId('answer'), view = byId('view');
let request, urls = {};

form.addEventListener('submit', async event => {
  event.preventDefault();
  request?.abort();
  request = new AbortController();
  const chosen = file.files[0];
  busy(true);
  say('Explaining …');
  try {
    const response = await fetch('explanations', { method: 'POST', body: new FormData(form), signal: request.signal });
    const found = await response.json();
    if (!response.ok) throw new Error(found.detail ?? found.title);
    show(found, chosen);
    say(`Done: ${found.label}.`);
  } catch (error) {
    answer.hidden = true;
    say(error.name === 'AbortError' ? 'Stopped.' : error instanceof TypeError ? 'The service cannot be reached.' : error.message, error.name !== 'AbortError');
  } finally {
    busy(false);
  }
});

byId('stop').addEventListener('click', () => request.abort());
document.querySelectorAll('input[name=view]').forEach(choice => choice.addEventListener('change', () => look(choice.value)));

function busy(working) {
  byId('explain').disabled = working;
  byId('stop').hidden = !working;
  answer.setAttribute('aria-busy', working);
}

function say(text, isError = false) {
  status.textContent = text;
  status.classList.toggle('error', isError);
}

function show(found, chosen) {
  Object.values(urls).forEach(URL.revokeObjectURL);
  urls = { overlay: png(found.overlay), heatMap: png(found.heatMap), image: URL.createObjectURL(chosen) };
  const stem = found.name.replace(/\.[^.]*$/, '');
  link('overlay-link', urls.overlay, `${stem}-overlay.png`);
  link('heat-map-link', urls.heatMap, `${stem}-map.png`);

  byId('label').textContent = `${found.label}, ${percent(found.classes[0].probability)}`;
  byId('caption').textContent = `${found.name}, ${found.width} × ${found.height} pixels`;
  view.className = Math.max(found.width, found.height) < 256 ? 'small' : '';
  byId('classes').replaceChildren(...found.classes.slice(0, 10).map(row));

  const { mean, lowest, draws, noiseLevels } = found.stability;
  byId('stability').hidden = mean === null;
  byId('stability').value = mean ?? 0;
  byId('stability-value').textContent = mean === null ? 'not defined: the map is constant' : mean.toFixed(2);
  byId('stability-text').textContent = mean === null ? '' : `Rank correlation of the map with those of ${draws} copies with noise of up to `
    + `${noiseLevels} of 255 grey levels: ${mean.toFixed(2)} on average, ${lowest.toFixed(2)} at the lowest. 1 is the same map, 0 an unrelated one.`;

  document.querySelector('input[name=view][value=overlay]').checked = true;
  look('overlay');
  answer.hidden = false;
  answer.focus();
}

function look(kind) {
  view.src = urls[kind];
  view.alt = { overlay: 'The image in grey with the map over it', heatMap: 'The map in colours', image: 'The image as it was chosen' }[kind];
}

function row({ name, probability }) {
  const line = document.createElement('tr'), head = document.createElement('th'), bar = document.createElement('td'), number = document.createElement('td');
  const meter = document.createElement('meter');
  head.scope = 'row';
  head.textContent = name;
  meter.value = probability;
  meter.setAttribute('aria-label', `probability of ${name}`);
  bar.append(meter);
  number.textContent = percent(probability);
  line.append(head, bar, number);
  return line;
}

function link(id, url, name) {
  const anchor = byId(id);
  anchor.href = url;
  anchor.download = name;
}

function png(base64) {
  return URL.createObjectURL(new Blob([Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))], { type: 'image/png' }));
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

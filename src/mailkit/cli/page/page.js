// The preview page: asks what there is whenever the server tells of a change, and shows it.

const CLIENTS = [
  { name: "desktop", label: "Desktop", width: 720 },
  { name: "mobile", label: "Mobile", width: 375 },
  { name: "dark", label: "Dark", width: 720 },
  { name: "images off", label: "Images off", width: 720 },
  { name: "text", label: "Text", width: 560 },
];
const $ = (id) => document.getElementById(id);
const shownClients = new Set(JSON.parse(localStorage.getItem("mailkit clients") ?? '["desktop", "mobile"]'));
let record = null; // the number of the record, or null for fields as they are written
let chosen = false; // whether a person has chosen the record
let asked = 0;

function clientButtons() {
  CLIENTS.forEach((client, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.client = client.name;
    button.innerHTML = `${client.label}<kbd aria-hidden="true">${place + 1}</kbd>`;
    button.addEventListener("click", () => toggle(client.name));
    $("clients").append(button);
  });
}

function toggle(name) {
  if (!shownClients.delete(name)) shownClients.add(name);
  if (shownClients.size === 0) shownClients.add(name);
  localStorage.setItem("mailkit clients", JSON.stringify([...shownClients]));
  views();
}

function views(isNew = false) {
  for (const button of $("clients").children) {
    button.setAttribute("aria-pressed", shownClients.has(button.dataset.client));
  }
  for (const client of CLIENTS) {
    let view = $("views").querySelector(`[data-client="${client.name}"]`);
    if (!shownClients.has(client.name)) {
      view?.remove();
      continue;
    }
    const isMissing = view === null;
    if (isMissing) {
      view = document.createElement("figure");
      view.className = "view";
      view.dataset.client = client.name;
      view.innerHTML = `<figcaption>${client.label} · ${client.width} px</figcaption><div class="stage"></div>`;
      view.querySelector(".stage").style.width = `${client.width}px`;
      const next = CLIENTS.slice(CLIENTS.indexOf(client) + 1).map((one) => $("views").querySelector(`[data-client="${one.name}"]`));
      $("views").insertBefore(view, next.find(Boolean) ?? null);
    }
    if (isNew || isMissing) load(view, client);
  }
}

// The next letter is laid over the one that is shown once it is there, at the same place: nothing flickers.
function load(view, client) {
  const stage = view.querySelector(".stage");
  stage.querySelector(".coming")?.remove();
  const next = document.createElement("iframe");
  next.className = "coming";
  next.title = `The letter: ${client.label}`;
  next.sandbox = "allow-same-origin allow-popups allow-popups-to-escape-sandbox";
  const query = new URLSearchParams({ client: client.name, v: asked });
  if (record !== null) query.set("record", record);
  next.src = `letter?${query}`;
  next.addEventListener("load", () => {
    const old = stage.querySelector("iframe:not(.coming)");
    if (old?.contentWindow) next.contentWindow.scrollTo(old.contentWindow.scrollX, old.contentWindow.scrollY);
    old?.remove();
    next.classList.remove("coming");
  });
  stage.append(next);
}

async function refresh() {
  const number = ++asked;
  const facts = await (await fetch(record === null ? "state" : `state?record=${record}`)).json();
  if (number !== asked) return;
  if (!chosen && record === null && facts.record_count > 0) {
    record = 0;
    return refresh();
  }
  if (record !== null && record >= facts.record_count) {
    record = facts.record_count ? facts.record_count - 1 : null;
    return refresh();
  }
  show(facts);
}

function show(facts) {
  $("file").textContent = facts.file;
  document.title = `${facts.shown?.subject || facts.file} · mailkit preview`;
  const kind = facts.trouble ? "trouble" : facts.version ? "live" : "busy";
  status(kind, { trouble: "has an error", live: "live", busy: `reading ${facts.file}` }[kind]);
  records(facts);
  trouble(facts.trouble);
  document.body.classList.toggle("is-old", facts.trouble !== null);
  if (facts.shown === null) return;
  $("shown").hidden = false;
  inbox(facts.shown);
  size(facts.shown);
  findings(facts);
  views(true);
}

function status(kind, words) {
  if ($("status").dataset.kind === kind && $("status").textContent === words) return;
  $("status").dataset.kind = kind;
  $("status").textContent = words;
}

function records(facts) {
  const labels = ["Fields as they are written", ...facts.records];
  const values = ["", ...facts.records.map((_, place) => String(place))];
  if (facts.record_count > facts.records.length) labels[labels.length - 1] += ` (of ${facts.record_count})`;
  $("record").replaceChildren(...labels.map((label, place) => new Option(label, values[place])));
  $("record-picker").hidden = facts.record_count === 0;
  $("hint").hidden = facts.record_count > 0 || !facts.has_fields;
  $("record").value = record === null ? "" : String(record);
  $("before").disabled = record === null;
  $("after").disabled = (record ?? -1) + 1 >= facts.records.length;
}

function choose(number) {
  record = number;
  chosen = true;
  refresh();
}

function step(by) {
  const options = $("record").options.length - 2; // the number of the last record
  const next = (record ?? -1) + by;
  if (next > options) return;
  choose(next < 0 ? null : next);
}

function trouble(given) {
  $("trouble").hidden = given === null;
  $("trouble-place").textContent = given?.place ?? "";
  $("trouble-what").textContent = given?.what ?? "";
  $("trouble-excerpt").textContent = given?.excerpt ?? "";
}

function inbox(shown) {
  $("sender").textContent = shown.sender || "Sender";
  $("initial").textContent = [...(shown.sender || "Sender")][0].toUpperCase();
  $("subject").textContent = shown.subject;
  $("preheader").textContent = shown.preheader;
}

function size(shown) {
  const meter = $("size");
  meter.max = Math.max(shown.clips_at * 1.1, shown.html_bytes);
  meter.low = shown.clips_at * 0.8;
  meter.high = shown.clips_at;
  meter.optimum = 0;
  meter.value = shown.html_bytes;
  const kilobytes = (bytes) => `${Math.round(bytes / 1024)} KB`;
  const verdict = shown.html_bytes > shown.clips_at ? "Gmail cuts it off at" : "Gmail cuts letters off at";
  $("size-words").textContent = `${kilobytes(shown.html_bytes)}; ${verdict} ${kilobytes(shown.clips_at)}`;
}

function findings(facts) {
  const order = ["error", "warning", "info"];
  const sorted = [...facts.findings].sort((one, other) => order.indexOf(one.severity) - order.indexOf(other.severity));
  $("finding-list").replaceChildren(...sorted.map(findingItem));
  $("findings-title").textContent = sorted.length ? "Findings" : "No findings";
  const counts = order.map((severity) => [severity, sorted.filter((one) => one.severity === severity).length]);
  const words = { error: ["error", "errors"], warning: ["warning", "warnings"], info: ["note", "notes"] };
  const parts = counts.filter(([, count]) => count).map(([severity, count]) => `${count} ${words[severity][count === 1 ? 0 : 1]}`);
  $("summary").textContent = parts.join(", ") || "no findings";
  $("summary").hidden = false;
}

function findingItem(finding) {
  const item = document.createElement("li");
  item.dataset.severity = finding.severity;
  item.append(element("span", "severity", finding.severity === "info" ? "note" : finding.severity));
  const what = element("p", "", finding.message);
  if (finding.evidence) what.append(" ", element("code", "", finding.evidence));
  item.append(what);
  if (finding.mend) item.append(element("p", "mend", finding.mend));
  const place = [finding.place, finding.source].filter(Boolean).join(" · ");
  if (place) item.append(element("p", "place", place));
  return item;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(SELECT|INPUT|TEXTAREA)$/.test(event.target.tagName)) return;
  if (event.key === "ArrowLeft") step(-1);
  else if (event.key === "ArrowRight") step(1);
  else if (CLIENTS[Number(event.key) - 1]) toggle(CLIENTS[Number(event.key) - 1].name);
});
$("record").addEventListener("change", (event) => choose(event.target.value === "" ? null : Number(event.target.value)));
$("before").addEventListener("click", () => step(-1));
$("after").addEventListener("click", () => step(1));

clientButtons();
const changes = new EventSource("changes");
changes.addEventListener("message", refresh);
changes.addEventListener("error", () => status("trouble", "the server has ended"));

"use strict";
// Tables as text: files and what spreadsheets copy to rows of cells, and back to CSV.
(() => {
  const NAMES = [
    ["sentence1", "sentence_1", "sentence_a", "text1", "text_1", "text_a", "question1", "문장1", "문장_1"],
    ["sentence2", "sentence_2", "sentence_b", "text2", "text_2", "text_b", "question2", "문장2", "문장_2"],
  ];
  const OTHERS = ["id", "guid", "index", "source", "genre", "label", "score", "binary_label", "레이블", "점수", "출처"];

  // Text of a file's bytes and the name of its encoding; null for what is no text. Korean Excel writes CP949,
  // which browsers call euc-kr, and Excel's "Unicode text" is UTF-16.
  const decode = (bytes) => {
    const [a, b] = bytes;
    const tries = a === 0xff && b === 0xfe ? ["utf-16le"] : a === 0xfe && b === 0xff ? ["utf-16be"] : ["utf-8", "euc-kr"];
    for (const encoding of tries) {
      try {
        const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
        if (!text.includes("\0")) return { text, encoding: encoding === "euc-kr" ? "CP949" : encoding.toUpperCase() };
      } catch { /* the next one */ }
    }
    return null;
  };

  // What parts the cells: the sign that the first line has most of, outside quotes; a tab before all others.
  const separator = (text) => {
    const line = text.replace(/"[^"]*"/g, "").split(/\r?\n|\r/).find((each) => each.trim()) || "";
    if (line.includes("\t")) return "\t";
    return line.split(";").length > line.split(",").length ? ";" : ",";
  };

  // Where a quoted cell's last quote stands; -1 where the quote is a sign like others, as in: "No," he said.
  // Between tabs quotes are text, but around what could not stand there otherwise: spreadsheets quote nothing else.
  const closing = (text, start, sign) => {
    let end = start + 1;
    for (;;) {
      end = text.indexOf('"', end);
      if (end < 0) return -1;
      if (text[end + 1] !== '"') break;
      end += 2;
    }
    const next = text[end + 1];
    if (next !== undefined && next !== sign && next !== "\n" && next !== "\r") return -1;
    const held = text.slice(start + 1, end);
    return sign === "\t" && (held.includes("\t") || !/\n|\r|""/.test(held)) ? -1 : end;
  };

  const parse = (text, sign = separator(text)) => {
    const rows = [];
    const stop = new RegExp(`[${sign}\\r\\n]`, "g");
    let row = [];
    for (let at = 0; at < text.length || row.length;) {
      const end = text[at] === '"' ? closing(text, at, sign) : -1;
      stop.lastIndex = end < 0 ? at : end + 1;
      const found = stop.exec(text);
      const next = found ? found.index : text.length;
      row.push(end < 0 ? text.slice(at, next) : text.slice(at + 1, end).replaceAll('""', '"'));
      at = next + 1;
      if (found && found[0] === sign) continue;
      if (found && found[0] === "\r" && text[at] === "\n") at += 1;
      if (row.some((cell) => cell.trim())) rows.push(row);
      row = [];
      if (!found) break;
    }
    const width = rows.reduce((most, each) => Math.max(most, each.length), 0);
    for (const each of rows) while (each.length < width) each.push("");
    return rows;
  };

  const plain = (name) => name.trim().toLowerCase().replace(/[\s.-]+/g, "_");

  // Which columns hold the sentences, and whether the first row has their names.
  const guess = (rows) => {
    if (!rows.length) return { header: false, columns: [0, 1] };
    const names = rows[0].map(plain);
    const columns = NAMES.map((known) => names.findIndex((name) => known.includes(name)));
    if (columns.every((each) => each >= 0)) return { header: true, columns };
    const header = names.some((name) => OTHERS.includes(name) || NAMES.flat().includes(name));
    // Sentences are what is longest.
    const sample = rows.slice(header ? 1 : 0, 50);
    const lengths = rows[0].map((_, column) =>
      sample.reduce((sum, row) => sum + (Number.isNaN(Number(row[column])) ? row[column].length : 0), 0));
    const longest = lengths.map((_, column) => column).sort((a, b) => lengths[b] - lengths[a]).slice(0, 2).sort((a, b) => a - b);
    return { header, columns: longest.length === 2 ? longest : [0, 1] };
  };

  // With the sign that tells Korean Excel that it is UTF-8. Cells stay what they are: one that begins with = is
  // the user's own, and a sentence may begin with - or +.
  const write = (rows) => {
    const cell = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
    return `\ufeff${rows.map((row) => row.map((value) => cell(String(value))).join(",")).join("\r\n")}\r\n`;
  };

  dalmeum.cells = { decode, separator, parse, guess, write };
})();

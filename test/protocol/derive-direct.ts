import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import ts from "typescript";

const FOLDER = "src/protocol";

/** The file that is derived. */
export const DIRECT_FORM = join(FOLDER, "direct.ts");

/** Operations that the direct form has, by module; with them goes whatever they call. */
const OPERATIONS = new Map([
  ["auto-assign", ["autoAssign"]],
  ["release-by-handle", ["releaseByHandle"]],
]);

/** Effects that pause a process; a driver that answers at once has no use for them. */
const PAUSES = ["Sleep", "LockRequest"];

const HEADER = `/* eslint-disable max-lines */
// Derived from the generators of this folder: do not edit. After a change of theirs, write it anew with
// \`UPDATE_GOLDEN=1 npx vitest run test/protocol/direct.test.ts\`.

/**
 * Operations of IPAM for a datastore that answers at once, as plain functions: where a generator yields
 * a request, these call the datastore. They do what \`runToEnd\` does with the generators, in 55
 * to 65 % of the time. Pauses and locks are left out, as \`runToEnd\` takes no notice of them.
 */
`;

interface Import {
  readonly from: string;
  readonly imported: string;
  readonly isType: boolean;
}

interface Declaration {
  readonly name: string;
  readonly module: Module;
  readonly node: ts.Statement;
  readonly isExported: boolean;
}

interface Module {
  readonly name: string;
  readonly file: ts.SourceFile;
  readonly declarations: Map<string, Declaration>;
  readonly imports: Map<string, Import>;
}

function nameOf(node: ts.Statement): string {
  if (ts.isVariableStatement(node)) return node.declarationList.declarations[0]!.name.getText();
  return (node as ts.DeclarationStatement).name!.getText();
}

function readModule(name: string): Module {
  const text = readFileSync(join(FOLDER, `${name}.ts`), "utf8");
  const file = ts.createSourceFile(`${name}.ts`, text, ts.ScriptTarget.Latest, true);
  const module: Module = { name, file, declarations: new Map(), imports: new Map() };
  for (const node of file.statements) {
    if (ts.isImportDeclaration(node)) {
      const from = (node.moduleSpecifier as ts.StringLiteral).text;
      const clause = node.importClause!;
      for (const element of (clause.namedBindings as ts.NamedImports).elements) {
        const imported = (element.propertyName ?? element.name).text;
        const isType = clause.phaseModifier !== undefined || element.isTypeOnly;
        module.imports.set(element.name.text, { from, imported, isType });
      }
    } else {
      const modifiers = ts.canHaveModifiers(node) ? ts.getModifiers(node) : undefined;
      const isExported =
        modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
      module.declarations.set(nameOf(node), { name: nameOf(node), module, node, isExported });
    }
  }
  return module;
}

function isGenerator(node: ts.Node): boolean {
  return ts.isFunctionDeclaration(node) && node.asteriskToken !== undefined;
}

/** Names that a declaration uses, among them those of its own parameters and variables. */
function namesUsedBy(declaration: ts.Node): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      const isProperty =
        (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
        (ts.isPropertyAssignment(parent) && parent.name === node) ||
        (ts.isPropertySignature(parent) && parent.name === node) ||
        (ts.isBindingElement(parent) && parent.propertyName === node);
      if (!isProperty) names.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(declaration);
  return names;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Text of a declaration in direct form, without the comment above it. */
function directText({ node: declaration, module }: Declaration, isOperation: boolean): string {
  const { file } = module;
  const edits: Edit[] = [];
  const replace = (start: number, end: number, text: string) => edits.push({ start, end, text });
  const passDriver = (list: ts.NodeArray<ts.Node>, text: string) => {
    replace(list.pos, list.pos, list.length > 0 ? `${text}, ` : text);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node)) {
      if (node.asteriskToken !== undefined) {
        replace(node.asteriskToken.getStart(), node.asteriskToken.end, "");
        passDriver(node.parameters, "driver: Datastore");
        const type = node.type as ts.TypeReferenceNode;
        const [result] = type.typeArguments!;
        replace(type.getStart(), result!.getStart(), "");
        replace(result!.end, type.end, "");
      }
    } else if (ts.isYieldExpression(node)) {
      const operand = node.expression!;
      if (ts.isNewExpression(operand) && PAUSES.includes(operand.expression.getText())) {
        replace(node.parent.getStart(), node.parent.end, "");
        return;
      }
      if (node.asteriskToken !== undefined) {
        replace(node.getStart(), operand.getStart(), "");
        passDriver((operand as ts.CallExpression).arguments, "driver");
      } else {
        replace(node.getStart(), operand.getStart(), "driver.perform(");
        replace(operand.end, operand.end, ")");
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(declaration);
  const start = declaration.getStart();
  let text = file.text.slice(start, declaration.end);
  for (const edit of edits.sort((a, b) => b.start - a.start || b.end - a.end)) {
    text = text.slice(0, edit.start - start) + edit.text + text.slice(edit.end - start);
  }
  return isOperation ? text : text.replace(/^export /, "");
}

/** What the direct form holds: declarations that are made anew, and the names that it imports. */
class DirectForm {
  readonly #modules = new Map<string, Module>();
  readonly #declarations = new Map<string, Declaration>();
  readonly #imports = new Map<string, Import>();

  constructor() {
    const names = readdirSync(FOLDER).map((file) => basename(file, ".ts"));
    for (const name of names) {
      if (name !== basename(DIRECT_FORM, ".ts")) this.#modules.set(name, readModule(name));
    }
    this.#imports.set("Datastore", {
      from: "../datastore/datastore.js",
      imported: "Datastore",
      isType: true,
    });
    for (const [module, operations] of OPERATIONS) {
      for (const name of operations) this.#include(this.#declaration(module, name));
    }
  }

  text(): string {
    const bodies = [...this.#declarations.values()]
      .sort((a, b) => {
        if (a.module !== b.module) return a.module.name < b.module.name ? -1 : 1;
        return a.node.pos - b.node.pos;
      })
      .map((declaration) => {
        const { name, module } = declaration;
        return directText(declaration, OPERATIONS.get(module.name)?.includes(name) === true);
      });
    return `${HEADER}\n${this.#importText()}\n${bodies.join("\n\n")}\n`;
  }

  #importText(): string {
    const specifiers = new Map<string, string[]>();
    for (const [name, { from, imported, isType }] of this.#imports) {
      const names = specifiers.get(from) ?? [];
      const renamed = imported === name ? name : `${imported} as ${name}`;
      names.push(isType ? `type ${renamed}` : renamed);
      specifiers.set(from, names);
    }
    const lines = [...specifiers]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([from, names]) => {
        const isAllTypes = names.every((name) => name.startsWith("type "));
        const list = names.sort().join(", ");
        const [keyword, named] = isAllTypes
          ? ["import type", list.replaceAll("type ", "")]
          : ["import", list];
        return `${keyword} { ${named} } from "${from}";\n`;
      });
    return lines.join("");
  }

  #declaration(module: string, name: string): Declaration {
    const declaration = this.#modules.get(module)?.declarations.get(name);
    if (declaration === undefined) throw new Error(`no ${name} in ${module}`);
    return declaration;
  }

  #include(declaration: Declaration): void {
    const { name, module, node } = declaration;
    const known = this.#declarations.get(name);
    if (known === declaration) return;
    if (known !== undefined || this.#imports.has(name)) {
      throw new Error(`two declarations of one name: ${name} in ${module.name} is one of them`);
    }
    this.#declarations.set(name, declaration);
    for (const used of namesUsedBy(node)) this.#follow(module, used);
  }

  /** A generator and what is private to a module are made anew; the rest is imported. */
  #follow(module: Module, name: string): void {
    if (name === "Steps" || PAUSES.includes(name)) return;
    const own = module.declarations.get(name);
    if (own !== undefined) {
      const isType = ts.isInterfaceDeclaration(own.node) || ts.isTypeAliasDeclaration(own.node);
      if (isGenerator(own.node) || !own.isExported) this.#include(own);
      else this.#import(name, { from: `./${module.name}.js`, imported: name, isType });
      return;
    }
    const foreign = module.imports.get(name);
    if (foreign === undefined) return;
    const source = this.#modules.get(basename(foreign.from, ".js"));
    const declaration = foreign.from.startsWith("./")
      ? source?.declarations.get(foreign.imported)
      : undefined;
    if (declaration !== undefined && isGenerator(declaration.node)) this.#include(declaration);
    else this.#import(name, foreign);
  }

  #import(name: string, wanted: Import): void {
    const known = this.#imports.get(name);
    const isSame = known?.from === wanted.from && known.imported === wanted.imported;
    if (this.#declarations.has(name) || (known !== undefined && !isSame)) {
      throw new Error(`two declarations of one name: ${name} of ${wanted.from} is one of them`);
    }
    this.#imports.set(name, { ...wanted, isType: wanted.isType && known?.isType !== false });
  }
}

/** The text of the direct form that follows from the generators, formatted like all files. */
export function deriveDirectForm(): string {
  return execFileSync("node_modules/.bin/biome", ["format", `--stdin-file-path=${DIRECT_FORM}`], {
    input: new DirectForm().text(),
    encoding: "utf8",
  });
}

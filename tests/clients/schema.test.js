// How the schema may change: by adding, by deprecating with a reason, and never by breaking the last release.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import plugin from "@graphql-eslint/eslint-plugin";
import { ESLint } from "eslint";
import { buildSchema, findBreakingChanges } from "graphql";
import { root } from "./support.js";

const file = `${root}schema.graphql`;

/** The schema of the newest tag; before the first release, what clients were promised. */
function released() {
  const git = (...args) => execFileSync("git", ["-C", root, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  try {
    const tag = git("describe", "--tags", "--abbrev=0", "--match", "v*").trim();
    return git("show", `${tag}:schema.graphql`);
  } catch {
    return readFileSync(`${root}tests/fixtures/contract.graphql`, "utf8");
  }
}

test("nothing of the last release is broken", () => {
  const offered = buildSchema(readFileSync(file, "utf8"));
  assert.deepEqual(findBreakingChanges(buildSchema(released()), offered), []);
});

test("the schema keeps the rules of schemas and of Relay", async () => {
  const eslint = new ESLint({
    cwd: root,
    overrideConfigFile: true,
    overrideConfig: [
      {
        files: ["**/*.graphql"],
        languageOptions: { parser: plugin.parser, parserOptions: { graphQLConfig: { schema: file } } },
        plugins: { "@graphql-eslint": plugin },
        rules: {
          "@graphql-eslint/description-style": "off",
          "@graphql-eslint/known-argument-names": "error",
          "@graphql-eslint/known-directives": "error",
          "@graphql-eslint/known-type-names": "error",
          "@graphql-eslint/naming-convention": [
            "error",
            { types: "PascalCase", FieldDefinition: "camelCase", InputValueDefinition: "camelCase", Argument: "camelCase", DirectiveDefinition: "camelCase" },
          ],
          "@graphql-eslint/no-unreachable-types": "error",
          "@graphql-eslint/provided-required-arguments": "error",
          "@graphql-eslint/require-deprecation-reason": "error",
          "@graphql-eslint/require-description": [
            "error",
            { types: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true, rootField: true },
          ],
          "@graphql-eslint/unique-enum-value-names": "error",
          "@graphql-eslint/unique-field-definition-names": "error",
          "@graphql-eslint/unique-type-names": "error",
          "@graphql-eslint/relay-arguments": ["error", { includeBoth: false }],
          "@graphql-eslint/relay-page-info": "error",
        },
      },
    ],
  });
  const results = await eslint.lintFiles([file]);
  // What the language itself defines has no descriptions of ours.
  const isOurs = ({ message }) => !/ in directive "(include|skip|specifiedBy)"$/.test(message);
  const problems = results.flatMap((result) =>
    result.messages.filter(isOurs).map((m) => `${m.line}: ${m.ruleId}: ${m.message}`),
  );
  assert.deepEqual(problems, []);
});

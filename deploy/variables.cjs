// serverless.yml reads JavaScript only; the variables themselves are made by variables.ts.
let made;

const make = async () => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 18)) {
    throw new Error(
      `Node ${process.versions.node} cannot run this service's TypeScript. Run serverless through npm (npx serverless deploy), which uses the Node that npm ci installed.`,
    );
  }
  const { variables } = await import('./variables.ts');
  return variables();
};

// serverless asks once for each place that reads a variable; the fleet file is read, and the agent built, once.
module.exports = () => {
  made ??= make();
  return made;
};

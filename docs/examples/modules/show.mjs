/** Starts a process, and prints what came of it. */
export async function show(title, child) {
  try {
    await child.start();
    console.log(`${title}: ${await child.result}`);
  } catch (error) {
    console.log(`${title}: ${error.constructor.name}: ${error.message}`);
  }
}

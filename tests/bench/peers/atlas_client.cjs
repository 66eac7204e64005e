// npm's mongodb-atlas-api-client on the URLs of API keys. It has no call of its own for them, so they
// are asked for as what its call for an organization appends to its base.
// atlas_client.cjs NODE_MODULES USER SECRET-FILE URL-FILE; NODE_EXTRA_CA_CERTS names the CA.
const fs = require("fs");
const [modules, publicKey, secret, urls] = process.argv.slice(2);
const connect = require(`${modules}/mongodb-atlas-api-client`);

async function main() {
  const all = fs.readFileSync(urls, "utf8").trim().split("\n");
  const baseUrl = all[0].split("/orgs/")[0];
  const client = connect({publicKey, privateKey: fs.readFileSync(secret, "utf8").trim(), baseUrl});
  for (const url of all) {
    const id = url.split("/").pop();
    const key = await client.organization.getById(url.split("/orgs/")[1]);
    if (key.id !== id) throw new Error(`asked for ${id}, got ${JSON.stringify(key)}`);
  }
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});

import { addressBits, formatAddress, parseAddress, versionOf } from "../../model/address.js";
import { Cidr } from "../../model/cidr.js";
import { parseSelector, SelectorSyntaxError } from "../../model/selector.js";
import { printable, quoted } from "../traces/printable.js";

/** Tells what is wrong with a text, or undefined when it is good. */
export type TextRule = (text: string) => string | undefined;

/** Pattern of a DNS subdomain name. */
export const DNS_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
export const DNS_NAME_LENGTH_MAX = 253;

/**
 * Names of pools, reservations and nodes are DNS subdomain names, as the Kubernetes API demands
 * (RFC 1123; `libcalico-go/lib/validator/v3/validator.go@v3.28.4`).
 */
export const nameRule: TextRule = (text) => {
  if (text === "") return "the name is empty";
  if (text.length > DNS_NAME_LENGTH_MAX) {
    return `the name has ${text.length} characters; at most ${DNS_NAME_LENGTH_MAX} are possible`;
  }
  if (DNS_NAME.test(text)) return undefined;
  const rule = "lower-case letters, digits, - and ., first and last a letter or digit";
  return `${quoted(text)} is not a possible name; expected ${rule}`;
};

const LABEL_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const LABEL_LENGTH_MAX = 63;

function isLabelName(text: string): boolean {
  return text.length <= LABEL_LENGTH_MAX && LABEL_NAME.test(text);
}

/** Keys of node labels: Kubernetes' `prefix/name`, the prefix optional. */
export const labelKeyRule: TextRule = (text) => {
  const slash = text.indexOf("/");
  const prefix = slash < 0 ? undefined : text.slice(0, slash);
  if (isLabelName(text.slice(slash + 1)) && (prefix === undefined || !nameRule(prefix))) {
    return undefined;
  }
  return `${quoted(text)} is not a label key; expected a key such as zone or example.com/zone`;
};

/** Values of node labels. */
export const labelValueRule: TextRule = (text) => {
  if (text === "" || isLabelName(text)) return undefined;
  const rule = `at most ${LABEL_LENGTH_MAX} letters, digits, -, _ and .`;
  return `${quoted(text)} is not a label value; expected ${rule}`;
};

function hostBitsFault(text: string, cidr: Cidr): string | undefined {
  const address = parseAddress(text.slice(0, text.indexOf("/")));
  if (address === cidr.base) return undefined;
  return `${text} has host bits set; did you mean ${cidr.text}?`;
}

/**
 * A network: `address/prefix length` without host bits, as Calico demands of a pool
 * (`libcalico-go/lib/clientv3/ippool.go@v3.28.4`).
 */
export const networkRule: TextRule = (text) => {
  const cidr = Cidr.parse(text);
  // Go's IPv4-mapped IPv6 addresses would silently become IPv4 networks.
  if (cidr !== undefined && (cidr.version === 6 || !text.includes(":"))) {
    return hostBitsFault(text, cidr);
  }
  const address = parseAddress(text);
  if (address !== undefined) {
    return `${formatAddress(address)} is a single address; expected a network such as 10.0.0.0/16`;
  }
  const [addressText = "", prefix = ""] = text.split("/");
  const base = parseAddress(addressText);
  if (base !== undefined && /^\d+$/.test(prefix)) {
    const version = versionOf(base);
    if (Number(prefix) > addressBits(version)) {
      return `${text}: an IPv${version} prefix length is 0 to ${addressBits(version)}`;
    }
  }
  return `${quoted(text)} is not a network; expected one such as 10.0.0.0/16 or fd00:10::/48`;
};

/** A network or a single address. */
export const networkOrAddressRule: TextRule = (text) =>
  parseAddress(text) === undefined ? networkRule(text) : undefined;

/** A Calico selector over labels; empty selects everything. */
export const selectorRule: TextRule = (text) => {
  const selector = parseSelector(text);
  if (!(selector instanceof SelectorSyntaxError)) return undefined;
  const rest = text.slice(selector.offset);
  const stopped = rest === "" ? "its end" : quoted(rest);
  return `${quoted(text)} is not a selector; wrong at ${stopped} (Calico: "${printable(selector.message)}")`;
};

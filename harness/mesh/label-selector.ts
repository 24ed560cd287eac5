/** Labels as a selector of the Kubernetes API: `app=catalog,version=v1`. */
export const selectorOf = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');

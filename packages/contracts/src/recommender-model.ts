/** Name of a tenant's recommender among its models. */
export const recommenderModelName = 'recommender'

// What people write into fields, in the language of each business unit.
import type { UnitSlug } from './operator.ts'

type Words = {
  churn: readonly string[]
  unpaid: string
  pause: readonly string[]
  accountNotes: readonly string[]
  subscriptionNotes: readonly string[]
  trialEnded: string
  noticeNotes: readonly (string | null)[]
  rejection: string
}

export const words: Record<UnitSlug, Words> = {
  pirilampo: {
    churn: [
      'Mudou de endereço, fora da área de cobertura',
      'Trocou por outra operadora',
      'Encerrou a empresa',
      'Fechou a loja da rua',
      'Insatisfação com a velocidade à noite',
      'Corte de gastos',
      'Cancelado por falta de pagamento',
    ],
    unpaid: 'Fatura vencida há mais de 30 dias',
    pause: ['Reforma do imóvel: pedido do cliente', 'Viagem: pedido do cliente', 'Temporada fora da cidade'],
    accountNotes: [
      'Prefere contato por mensagem, não por telefone.',
      'Portaria pede nome e documento do técnico um dia antes.',
      'Cliente desde o tempo do rádio. Tratar com carinho.',
      'Pede nota com o número do pedido de compra.',
      'Cachorro no quintal: tocar a campainha e esperar.',
    ],
    subscriptionNotes: [
      'Fibra entra pelos fundos, caixa no muro.',
      'Conector trocado na última visita.',
      'Instalado no rack da sala técnica, porta 12.',
    ],
    trialEnded: 'Período de teste terminou sem contratação',
    noticeNotes: [null, 'Paguei hoje cedo pelo aplicativo do banco.', 'Segue o comprovante. Obrigada!'],
    rejection:
      'O comprovante é de um agendamento, e o valor não entrou na conta. Envie o comprovante do pagamento.',
  },
  jacaranda: {
    churn: [
      'Migró el sitio a otro proveedor',
      'Cerró el negocio',
      'Ya no necesita el sitio',
      'Aumento de costos',
      'Cambió de agencia',
      'Baja por falta de pago',
    ],
    unpaid: 'Factura vencida hace más de 30 días',
    pause: ['Sitio en pausa a pedido del cliente', 'Rediseño del sitio: pedido del cliente'],
    accountNotes: [
      'Los cambios de DNS los pide siempre por escrito.',
      'Contacto técnico externo: pasar todo por la agencia.',
      'Pide factura a nombre de la sociedad, no del titular.',
      'Sitio con mucho tráfico en diciembre.',
    ],
    subscriptionNotes: [
      'Migrado desde otro proveedor con correo incluido.',
      'Instalación de WordPress hecha por nosotros.',
      'Dominio delegado en nuestros DNS.',
    ],
    trialEnded: 'Terminó la prueba sin contratar',
    noticeNotes: [
      null,
      'Transferí esta mañana desde la cuenta de la empresa.',
      'Adjunto el comprobante. ¡Gracias!',
    ],
    rejection:
      'El comprobante es de otra cuenta y no encontramos el ingreso. Revisá el CBU y enviá de nuevo el aviso.',
  },
  tallybird: {
    churn: [
      'Closed the store',
      'Moved to another product',
      'Went back to spreadsheets',
      'Was acquired; parent company uses another system',
      'Budget cuts',
      'Cancelled for non-payment',
    ],
    unpaid: 'Invoice more than 30 days overdue',
    pause: ['Seasonal business: paused for the winter', 'Paused during a store move'],
    accountNotes: [
      'Wants a purchase order number on every invoice.',
      'Very active in the beta programme.',
      'Trains new staff every spring; ask about extra seats in March.',
      'Ships from two states; stock counts on the last Sunday of the month.',
    ],
    subscriptionNotes: [
      'Imported 4,200 items on day one.',
      'Annual review moved to June.',
      'Onboarding call recorded.',
    ],
    trialEnded: 'Trial ended without a purchase',
    noticeNotes: [null, 'Wire sent this morning, confirmation attached.', 'Paid from our new bank account.'],
    rejection:
      'The confirmation shows a different payee. Please check the account number and send the notice again.',
  },
}
